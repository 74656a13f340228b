/** Light or dark, as the system has it or as chosen here. */
import { useState } from 'preact/hooks';

const KEY = 'mas-console-theme';

function isDarkNow(): boolean {
  const chosen = document.documentElement.dataset['theme'] ?? '';
  return chosen === '' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

function apply(theme: string | null): void {
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset['theme'] = theme;
}

try {
  apply(localStorage.getItem(KEY));
} catch {
  // A browser that keeps nothing asks the system every time.
}

export function ThemeButton() {
  const [isDark, setDark] = useState(isDarkNow);
  const change = (): void => {
    const theme = isDark ? 'light' : 'dark';
    apply(theme);
    setDark(!isDark);
    dispatchEvent(new Event('themechange'));
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // As above.
    }
  };
  return (
    <button
      type="button"
      class="quiet icon"
      onClick={change}
      aria-label={isDark ? 'Light colours' : 'Dark colours'}
      title={isDark ? 'Light colours' : 'Dark colours'}
    >
      <span aria-hidden="true">{isDark ? '\u2600' : '\u263d'}</span>
    </button>
  );
}
