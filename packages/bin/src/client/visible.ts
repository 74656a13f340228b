/**
 * Text of others on this terminal: owners, memos, ids, what a server says. A control character in it could move the cursor, hide
 * or forge lines, or retitle the window; a bidirectional override could show an amount backwards. So none is ever printed: each
 * shows as its code, `\\x1b` or `\\u{202e}`.
 */

/** C0 and C1 controls, DEL, line and paragraph separators, bidirectional marks, embeddings, overrides and isolates, zero-width characters, tags. */
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

export function visible(text: string): string {
  return text.replace(INVISIBLE, escaped);
}

/** Several lines of our own making: their ends, and the colours that we use ourselves, stay. */
export function visibleLines(text: string): string {
  return text
    .split(OWN_COLOURS)
    .map((part, at) => (at % 2 === 1 ? part : part.split('\n').map(visible).join('\n')))
    .join('');
}

/** As a JSON text: the same value, spelled so that a terminal shows it. JSON itself escapes the C0 controls only. */
export function visibleJson(json: string): string {
  return json.replace(INVISIBLE, (character) =>
    Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** What was typed in the wrong place may be a token or a key. For messages that repeat what was typed. */
export function withoutSecrets(text: string): string {
  return text.replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '(a token)').replace(/(unknown option '-[^'=]*)=[^']*'/g, "$1'");
}

/** Bold, grey, green, red, yellow, and their ends; the whole sequence is kept as a part of its own. */
const OWN_COLOURS = /(\u001b\[(?:1|22|90|39|32|31|33)m)/;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
