import type { SyntaxNode } from '../syntax/index.ts';
import { childAt, descendants, type FunctionText, type Statement } from './function-text.ts';
import { oneLine } from './release.ts';

/** Statements by which a function gives up at some point. */
export interface BailOut {
  readonly lines: readonly string[];
  /** For the title: "go to free_ring", "return -ENOMEM". */
  readonly words: string;
}

/** Functions that only tell somebody. */
const TELLS =
  /^(\w*(dev|pr|netdev|netif|drm|ib|ibdev|hw|dma)_(err|warn|info|dbg|notice|crit)\w*|printk\w*|DEBUG|ASSERT\w*|WARN\w*)$/;
const LOCK = /\b(?:\w*(?:spin|mutex|read|write)_lock\w*|down(?:_read|_write)?|EfiAcquireLock|gBS->RaiseTPL)\s*\(/g;
const UNLOCK = /\b(?:\w*(?:spin|mutex|read|write)_unlock\w*|up(?:_read|_write)?|EfiReleaseLock|gBS->RestoreTPL)\s*\(/g;

export interface BailOutPoint {
  readonly offset: number;
  /** Statements that release what is held there. */
  readonly releases: readonly string[];
  /** The variable that holds the error there; null when none does. */
  readonly status: string | null;
  /** The label that releases what is not made yet: the one below it is right. */
  readonly after: string | null;
}

/** Ways to give up at a point, the best first: by a label of the unwinding ladder, as the step before did, or by a return. */
export function bailOuts(code: FunctionText, { offset, releases, status, after }: BailOutPoint): readonly BailOut[] {
  const isLocked = locks(code.text.slice(code.body.start, offset)) > 0;
  const byLabel = labelsFrom(code, offset, after)
    .filter((label) => !isLocked || UNLOCK_ONCE.test(code.text.slice(labelStart(code, label), code.body.end)))
    .flatMap((label) => gotoLabel(code, label, offset, status) ?? []);
  const asBefore = armsBefore(code, offset, isLocked).flatMap((lines) => asHere(code, lines, offset, status) ?? []);
  const unlock = isLocked ? unlockOf(code, offset) : null;
  const plain = isLocked && unlock === null ? [] : leave(code, [...releases, ...(unlock ? [unlock] : [])], status);
  const isLadder = byLabel.length > 0;
  return isLadder
    ? [...byLabel, ...asBefore, ...plain]
    : [...(releases.length > 0 ? plain : []), ...asBefore, ...plain];
}

/** The statement that gives back the one lock that is held at an offset, as it stands further down; null where that cannot be told. */
function unlockOf(code: FunctionText, offset: number): string | null {
  if (locks(code.text.slice(code.body.start, offset)) !== 1) return null;
  const held = [...code.text.slice(code.body.start, offset).matchAll(/lock\w*\s*\(\s*([^,()]+)[,)]/g)].at(-1)?.[1];
  const found = code
    .statements('expression_statement')
    .filter(({ node }) => node.start > offset)
    .map(({ node }) => oneLine(code.slice(node)))
    .filter((text) => UNLOCK_ONCE.test(text));
  return held === undefined ? null : (found.find((text) => text.includes(`(${held.trim()}`)) ?? null);
}

/** Releases and returns. */
function leave(code: FunctionText, releases: readonly string[], status: string | null): readonly BailOut[] {
  const dropped = dropPacket(code);
  if (dropped) return [{ lines: [...releases, ...dropped], words: 'drop the packet' }];
  const value = failureValue(code, status);
  if (value === null) return [];
  return [{ lines: [...releases, returnText(value)], words: returnText(value).replace(/;$/, '') }];
}

/** What a transmit function of a network device does with a packet that it cannot send: to report it as busy would loop. */
function dropPacket(code: FunctionText): readonly string[] | null {
  const packet = /\bstruct\s+sk_buff\s*\*\s*(\w+)/.exec(code.text.slice(code.tree.start, code.body.start))?.[1];
  if (code.returnType !== 'netdev_tx_t' || packet === undefined) return null;
  return [`dev_kfree_skb_any(${packet});`, 'return NETDEV_TX_OK;'];
}

const UNLOCK_ONCE = new RegExp(UNLOCK.source);
const locks = (text: string): number => (text.match(LOCK) ?? []).length - (text.match(UNLOCK) ?? []).length;

export const returnText = (value: string): string => (value === '' ? 'return;' : `return ${value};`);

/** Labels with what stands behind them, in the order of the text. */
export function labels(code: FunctionText): readonly Statement[] {
  return code.statements('labeled_statement');
}

export const labelName = (code: FunctionText, { node }: Statement): string => {
  const label = childAt(node, 'label');
  return label ? code.slice(label) : '';
};

function labelStart(code: FunctionText, name: string): number {
  return labels(code).find((one) => labelName(code, one) === name)?.node.start ?? code.body.end;
}

/** Names of the labels behind an offset, the likeliest first. */
function labelsFrom(code: FunctionText, offset: number, after: string | null): readonly string[] {
  const names = labels(code)
    .filter(({ node }) => node.start > offset)
    .map((label) => labelName(code, label));
  const gotos = code
    .statements('goto_statement')
    .map(({ node }) => ({ start: node.start, label: gotoName(code, node) }));
  const below = after === null ? undefined : names[names.indexOf(after) + 1];
  const next = gotos.filter(({ start }) => start > offset).map(({ label }) => label);
  const previous = gotos.filter(({ start }) => start < offset).map(({ label }) => label);
  const usual = [...(below ? [below] : []), ...next.slice(0, 1), ...previous.reverse(), ...next];
  return [...new Set([...usual, ...names])].filter((name) => names.includes(name));
}

export const gotoName = (code: FunctionText, node: SyntaxNode): string => {
  const label = childAt(node, 'label');
  return label ? code.slice(label) : '';
};

/** `goto`, with the error put where the return behind the label will look for it. */
export function gotoLabel(code: FunctionText, label: string, offset: number, status: string | null): BailOut | null {
  const returned = returnedAfter(code, label);
  const jump = `goto ${label};`;
  const words = `go to ${label}`;
  if (returned === null || returned === status || !/^\w+$/.test(returned) || isConstant(returned))
    return { lines: [jump], words };
  if (holdsError(code, returned, offset)) return { lines: [jump], words };
  const value = failureValue(code, status);
  // A count that is returned tells nothing of errors.
  if (value === null) return { lines: [jump], words };
  return value === '' || value === returned ? null : { lines: [`${returned} = ${value};`, jump], words };
}

const isConstant = (text: string): boolean => /^[A-Z0-9_]+$/.test(text);

/** What the function returns when it goes on at a label; null when that cannot be told. */
export function returnedAfter(code: FunctionText, label: string): string | null {
  const start = labelStart(code, label);
  const next = code.statements('return_statement').find(({ node }) => node.start >= start);
  return next ? returnValue(code, next.node) : null;
}

export function returnValue(code: FunctionText, node: SyntaxNode): string {
  return code
    .slice(node)
    .replace(/^return\b/, '')
    .replace(/;$/, '')
    .trim();
}

/** The last value that the text in front of an offset puts into a variable is an error. */
function holdsError(code: FunctionText, variable: string, offset: number): boolean {
  const before = code.text.slice(code.body.start, offset);
  const all = [...before.matchAll(new RegExp(`(?<![\\w>.])${variable}\\s*=(?!=)\\s*([^;,]*)`, 'g'))];
  return /^(-E[A-Z0-9]+|EFI_(?!SUCCESS)\w+|FALSE|false|NULL)\s*$/.test(all.at(-1)?.[1] ?? '');
}

/** What the function returns to tell failure; empty for `void`; null when that cannot be told. */
export function failureValue(code: FunctionText, status: string | null): string | null {
  const type = code.returnType.replace(/\b(static|inline|const|extern|STATIC|EFIAPI|__\w+)\b/g, '').trim();
  const returns = code.statements('return_statement').map(({ node }) => returnValue(code, node));
  if (/^(EFI_STATUS|RETURN_STATUS)$/.test(type)) return status ?? 'EFI_OUT_OF_RESOURCES';
  if (/^(void|VOID)$/.test(type)) return '';
  if (type.endsWith('*')) return returns.some((text) => /^ERR_PTR/.test(text)) ? 'ERR_PTR(-ENOMEM)' : 'NULL';
  if (type === 'BOOLEAN') return 'FALSE';
  if (type === 'bool') return 'false';
  if (type === 'dma_addr_t') return 'DMA_MAPPING_ERROR';
  if (!/^(signed |long |short )*(int|long|ssize_t|s32|s64)$/.test(type)) return null;
  if (status !== null) return status;
  if (returns.some((text) => /^-E[A-Z]/.test(text)) || /[=:]\s*-E[A-Z]/.test(code.slice(code.body))) return '-ENOMEM';
  if (returns.includes('-1')) return '-1';
  // A count that is returned is no place for an error.
  return returns.every((text) => /^(0|ret|err|error|rc|retval|status|res|result)$/.test(text)) ? '-ENOMEM' : null;
}

/**
 * How the steps in front of an offset give up: the bodies of earlier `if`s around it that end the function. The nearest first,
 * without what they tell.
 */
function armsBefore(code: FunctionText, offset: number, isLocked: boolean): readonly (readonly string[])[] {
  const around = code.chain({ start: offset - 1, end: offset });
  const arms: (readonly string[])[] = [];
  let isInLoop = true;
  for (const block of around.toReversed()) {
    // Outside of its loop `break` and `continue` mean another one.
    if (/^(for|while|do|switch)_statement$/.test(block.kind)) isInLoop = false;
    if (block.kind !== 'compound_statement') continue;
    for (const node of block.children.toReversed()) {
      if (node.end > offset || node.kind !== 'if_statement' || childAt(node, 'alternative')) continue;
      const between = code.text.slice(node.end, offset);
      if (locks(between) !== 0) break;
      const lines = armOf(code, node);
      if (!isInLoop && /^(break|continue);/.test(lines?.at(-1) ?? '')) continue;
      if (lines && (!isLocked || lines.some((line) => UNLOCK_ONCE.test(line) || /^(goto|continue|break)\b/.test(line))))
        arms.push(lines);
    }
  }
  return arms.slice(0, 2);
}

/** The statements of an earlier arm as they are right at `offset`, where another call has failed. */
function asHere(code: FunctionText, lines: readonly string[], offset: number, status: string | null): BailOut | null {
  const last = lines.at(-1) ?? '';
  const others = lines.slice(0, -1);
  const dropped = /^return NETDEV_TX_\w+;/.test(last) ? dropPacket(code) : null;
  if (dropped) {
    const kept = others.filter((line) => !/^(netif_(tx_)?stop_\w+|dev_(kfree|consume)_skb\w*)\s*\(/.test(line));
    return { lines: [...kept, ...dropped], words: 'drop the packet' };
  }
  const isSet = (name: string): boolean => others.some((line) => line.startsWith(`${name} =`));
  const label = /^goto (\w+);/.exec(last)?.[1];
  if (label !== undefined) {
    const returned = returnedAfter(code, label);
    const jump = returned !== null && isSet(returned) ? { lines: [last] } : gotoLabel(code, label, offset, status);
    return jump && { lines: [...others, ...jump.lines], words: `go to ${label}` };
  }
  const variable = /^return ([a-z]\w*);/.exec(last)?.[1];
  if (variable === undefined || variable === status || isSet(variable) || holdsError(code, variable, offset))
    return { lines, words: last.replace(/;$/, '') };
  const value = failureValue(code, status);
  return value === null ? null : { lines: [...others, returnText(value)], words: returnText(value).replace(/;$/, '') };
}

function armOf(code: FunctionText, node: SyntaxNode): readonly string[] | null {
  const body = childAt(node, 'consequence');
  if (!body) return null;
  const statements =
    body.kind === 'compound_statement' ? body.children.filter(({ kind }) => !'{}'.includes(kind)) : [body];
  const lines: string[] = [];
  for (const one of statements) {
    if (one.kind === 'comment') continue;
    if (!/^(expression|return|goto|continue|break)_statement$/.test(one.kind)) return null;
    if (isTelling(code, one)) continue;
    lines.push(oneLine(code.slice(one)));
  }
  const last = lines.at(-1) ?? '';
  // An arm that reports success is no example.
  if (!/^(return|goto|continue|break)\b/.test(last) || /^return (0|EFI_SUCCESS|TRUE|true);/.test(last)) return null;
  return lines;
}

function isTelling(code: FunctionText, statement: SyntaxNode): boolean {
  for (const node of descendants(statement))
    if (node.kind === 'call_expression') {
      const callee = childAt(node, 'function');
      return callee !== undefined && TELLS.test(code.slice(callee));
    }
  return false;
}
