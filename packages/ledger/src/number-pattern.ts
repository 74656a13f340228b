/** The policy's form of account numbers: `any`, or a template in which `d` stands for a digit and all else for itself. */
export function matchesNumberPattern(number: string, pattern: string): boolean {
  if (pattern === 'any') return true;
  if (number.length !== pattern.length) return false;
  for (let i = 0; i < pattern.length; i += 1) {
    const fits = pattern[i] === 'd' ? isDigit(number.charCodeAt(i)) : number[i] === pattern[i];
    if (!fits) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
