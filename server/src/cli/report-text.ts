import { resolve } from 'node:path';
import { isHintKind } from '@dma-audit/simulator';
import pc from 'picocolors';
import type { Diagnostic, Notice } from '../audit/index.ts';
import { codeFrame, LineCache, type Span } from './code-frame.ts';
import type { Report } from './report.ts';
import { printable } from './terminal.ts';

/** Steps of the path that are shown without `--path`. */
const SHORT_PATH = 6;
/** Related places that are shown with their code. */
const FRAMED_PLACES = 4;

export interface TextOptions {
  readonly colour: boolean;
  readonly wholePath: boolean;
}

/** The diagnostics for people, one after the other, with a blank line behind each. */
export async function textReport({ settled, root }: Report, options: TextOptions): Promise<string> {
  const writer = new Writer(root, options);
  const parts: string[] = [];
  for (const diagnostic of settled.diagnostics) parts.push(await writer.diagnostic(diagnostic));
  for (const notice of settled.notices) parts.push(writer.notice(notice));
  return parts.join('');
}

class Writer {
  readonly #root: string;
  readonly #options: TextOptions;
  readonly #paint: ReturnType<typeof pc.createColors>;
  readonly #lines = new LineCache();

  constructor(root: string, options: TextOptions) {
    this.#root = root;
    this.#options = options;
    this.#paint = pc.createColors(options.colour);
  }

  async diagnostic(d: Diagnostic): Promise<string> {
    const { bold, cyan, red, yellow } = this.#paint;
    const tint = { error: red, warning: yellow, information: cyan }[d.severity];
    const parts = [
      `${bold(tint(`${d.severity}[${d.rule}]`))} ${bold(printable(`${d.file}:${d.line}:${d.column}`))} in ${printable(d.function)}`,
      ...(await this.#frame(d.file, d, tint)),
      `  ${bold(printable(d.message))}`,
      ...this.#platforms(d),
      ...(await this.#related(d)),
      ...this.#path(d),
    ];
    return `${parts.join('\n')}\n\n`;
  }

  notice({ file, line, column, message }: Notice): string {
    const { bold, cyan } = this.#paint;
    return `${bold(cyan('notice'))} ${bold(printable(`${file}:${line}:${column}`))}\n  ${printable(message)}\n\n`;
  }

  async #frame(file: string, span: Span, tint: (text: string) => string): Promise<readonly string[]> {
    const { dim } = this.#paint;
    const frame = codeFrame(await this.#lines.linesOf(resolve(this.#root, file)), span);
    if (!frame) return [];
    return [`${dim(`${String(span.line).padStart(6)} |`)} ${frame.code}`, `${dim('       |')} ${tint(frame.marks)}`];
  }

  #platforms({ rule, platforms, consequences }: Diagnostic): readonly string[] {
    const { dim, green, red } = this.#paint;
    const [bad, good] = isHintKind(rule) ? ['costs on:', 'costs nothing on:'] : ['breaks on:', 'works on:'];
    const byConsequence = new Map<string, string[]>();
    for (const platform of platforms.breaks) {
      const consequence = consequences[platform] ?? '';
      byConsequence.set(consequence, [...(byConsequence.get(consequence) ?? []), platform]);
    }
    const breaks = [...byConsequence].map(
      ([consequence, ids]) => `  ${red(bad)} ${ids.join(', ')}${consequence && dim(` — ${consequence}`)}`,
    );
    return platforms.works.length > 0 ? [...breaks, `  ${green(good)} ${platforms.works.join(', ')}`] : breaks;
  }

  async #related({ related }: Diagnostic): Promise<readonly string[]> {
    const parts: string[] = [];
    for (const [i, place] of related.entries()) {
      parts.push(
        `  ${this.#paint.cyan('note:')} ${printable(`${place.message}, ${place.file}:${place.line}:${place.column}`)}`,
      );
      const span = { ...place, endLine: place.line, endColumn: place.column + 1 };
      if (i < FRAMED_PLACES) parts.push(...(await this.#frame(place.file, span, this.#paint.cyan)).slice(0, 1));
    }
    return parts;
  }

  #path({ file, path }: Diagnostic): readonly string[] {
    const { cyan, dim } = this.#paint;
    const shown = this.#options.wholePath ? path : path.slice(-SHORT_PATH);
    if (shown.length === 0) return [];
    const left = path.length - shown.length;
    const more = left > 0 ? [dim(`    … ${left} earlier ${left === 1 ? 'step' : 'steps'}, --path shows all`)] : [];
    const steps = shown.map(
      (step) => `${dim(printable(`${this.#at(step, file).padStart(6)} :`))} ${printable(step.message)}`,
    );
    return [`  ${cyan('path:')}`, ...more, ...steps];
  }

  /** Line only, where the file is the one that is being talked about. */
  #at(place: { readonly file: string; readonly line: number }, file: string): string {
    return place.file === file ? `${place.line}` : `${place.file}:${place.line}`;
  }
}
