/**
 * Finds a piece of TypeScript in a source by its tokens: spaces, line ends, comments and the commas that a formatter puts behind
 * the last item do not count, so that a mutation follows its source through every change of form.
 */
import { LanguageVariant, ScriptTarget, SyntaxKind, createScanner } from 'typescript';

interface Token {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where `piece` stands in `source`, each as offsets into `source`; a piece without a token is nowhere. */
export function findTokens(source: string, piece: string): Range[] {
  const where = tokensOf(source);
  const what = tokensOf(piece);
  const found: Range[] = [];
  if (what.length === 0) return found;
  for (let start = 0; start + what.length <= where.length; start++) {
    if (what.every((token, offset) => where[start + offset]?.text === token.text))
      found.push({ from: where[start]?.from ?? 0, to: where[start + what.length - 1]?.to ?? 0 });
  }
  return found;
}

const CLOSING = new Set([')', ']', '}']);

function tokensOf(text: string): Token[] {
  const scanner = createScanner(ScriptTarget.ES2022, true, LanguageVariant.Standard, text);
  const tokens: Token[] = [];
  /** Open braces; true for the one that a template holds. */
  const braces: boolean[] = [];
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === SyntaxKind.OpenBraceToken) braces.push(false);
    if (kind === SyntaxKind.TemplateHead) braces.push(true);
    if (kind === SyntaxKind.CloseBraceToken && braces.pop() === true && scanner.reScanTemplateToken(false) === SyntaxKind.TemplateMiddle) braces.push(true);
    const token = { text: scanner.getTokenText(), from: scanner.getTokenStart(), to: scanner.getTokenEnd() };
    if (CLOSING.has(token.text) && tokens[tokens.length - 1]?.text === ',') tokens.pop();
    tokens.push(token);
  }
  return tokens;
}
