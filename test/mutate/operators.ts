import type { SyntaxNode } from '../../server/src/syntax/index.ts';
import { deletedChecks } from './checks.ts';
import type { ApiCall, FunctionText } from './function-text.ts';
import { hostAddresses } from './host-address.ts';
import { earlyReturns, shortLoops } from './jumps.ts';
import { type Change, type Edit, type Equivalent, isSame, type Mutant, type Operator, replace } from './mutant.ts';
import { type Pair, pairsOf } from './pairs.ts';

type Make = (code: FunctionText, pair: Pair) => Iterable<Change>;

const MAKE: Readonly<Record<Operator, Make>> = {
  'delete-release': deletedReleases,
  'delete-check': deletedChecks,
  'swap-direction': swappedDirections,
  'swap-family': swappedFamilies,
  'duplicate-release': duplicates,
  'free-before-release': swappedFrees,
  'loop-one-short': shortLoops,
  'return-before-unwind': earlyReturns,
  'host-address': hostAddresses,
  'drop-common-map': droppedMaps,
};

/** Everything that the operators make of one function, each change once. */
export function mutantsOf(
  code: FunctionText,
  operators: readonly Operator[],
): { readonly mutants: readonly Mutant[]; readonly equivalent: readonly Equivalent[] } {
  const mutants: Mutant[] = [];
  const equivalent: Equivalent[] = [];
  const seen = new Set<string>();
  for (const pair of pairsOf(code))
    for (const operator of operators)
      for (const change of MAKE[operator](code, pair)) {
        if ('reason' in change) {
          equivalent.push({ operator, reason: change.reason });
          continue;
        }
        const { edit } = change;
        const key = JSON.stringify([operator, edit]);
        if (seen.has(key) || isSame(code, edit)) continue;
        seen.add(key);
        mutants.push({
          operator,
          file: code.unit.path,
          function: code.name,
          edit,
          line: code.unit.lines.position(edit.start).line,
          what: inWords(code, edit),
          api: pair.begin.name,
          origin: pair.begin.node.start,
        });
      }
  return { mutants, equivalent };
}

function inWords(code: FunctionText, edit: Edit): string {
  const short = (text: string): string => {
    const line = text.replace(/\s+/g, ' ').trim();
    return line.length > 70 ? `${line.slice(0, 69)}…` : line;
  };
  return `${short(code.text(edit))} → ${short(edit.text)}`;
}

function* deletedReleases(code: FunctionText, { ends }: Pair): Iterable<Change> {
  for (const end of ends) {
    const whole = code.statement(end);
    const isPlain = whole?.children.includes(end.node) ?? false;
    if (whole && endsInHalt(code, whole)) yield { reason: 'the machine stops behind it' };
    else if (whole && isPlain) yield replace(code, whole, ';');
    else if (end.model.result === 'status') yield replace(code, end.node, '0');
  }
}

/** CpuDeadLoop () or BUG () at the end of the same block. */
function endsInHalt(code: FunctionText, statement: SyntaxNode): boolean {
  const block = blockOf(code, statement);
  return code.calls.some(({ node, model }) => {
    if (model.action !== 'no-return' || node.start < statement.end) return false;
    const halt = code.parent(node);
    return halt !== null && blockOf(code, halt) === block;
  });
}

function* duplicates(code: FunctionText, { ends }: Pair): Iterable<Change> {
  for (const end of ends) {
    const whole = code.statement(end);
    if (whole) yield replace(code, whole, `{ ${code.text(whole)} ${code.text(whole)} }`);
  }
}

const OPPOSITE: Readonly<Record<string, string>> = {
  DMA_TO_DEVICE: 'DMA_FROM_DEVICE',
  DMA_FROM_DEVICE: 'DMA_TO_DEVICE',
  DMA_BIDIRECTIONAL: 'DMA_TO_DEVICE',
  PCI_DMA_TODEVICE: 'PCI_DMA_FROMDEVICE',
  PCI_DMA_FROMDEVICE: 'PCI_DMA_TODEVICE',
  PCI_DMA_BIDIRECTIONAL: 'PCI_DMA_TODEVICE',
};

function* swappedDirections(code: FunctionText, { begin, ends, handle }: Pair): Iterable<Change> {
  const mapped = code.argument(begin, 'direction');
  if (!mapped || begin.model.action !== 'map') return;
  const synced = code.calls.filter(
    (call) =>
      call.model.action === 'sync' &&
      call.node.start > begin.node.start &&
      (['device-address', 'scatterlist', 'sg-table'] as const).some((role) => {
        const argument = code.argument(call, role);
        return argument && code.plain(argument) === handle;
      }),
  );
  for (const call of [...ends, ...synced]) {
    const argument = code.argument(call, 'direction');
    if (!argument || code.text(argument) !== code.text(mapped)) continue;
    const other = OPPOSITE[code.text(argument)];
    if (other === undefined) continue;
    if (call.model.action === 'sync' && /BIDIRECTIONAL/.test(code.text(mapped)))
      yield { reason: 'what is mapped in both directions may be synced in either' };
    else yield replace(code, argument, other);
  }
}

/** Families whose memory or mapping the release in their line must never be given, and that release with its arguments. */
function otherRelease(code: FunctionText, { begin }: Pair, end: ApiCall): string | null {
  const of = (role: ApiCall['model']['args'][number]): string => {
    const argument = code.argument(end, role);
    return argument ? code.text(argument) : '';
  };
  const entry = (list: string): string =>
    `dma_unmap_single(${of('device')}, sg_dma_address(${list}), sg_dma_len(${list}), ${of('direction')})`;
  const buffer = code.argument(begin, 'buffer');
  switch (end.model.family) {
    case 'single':
    case 'page':
      return buffer && isName(buffer)
        ? `dma_free_coherent(${of('device')}, ${of('size')}, ${code.text(buffer)}, ${of('device-address')})`
        : `dma_unmap_resource(${of('device')}, ${of('device-address')}, ${of('size')}, ${of('direction')}, 0)`;
    case 'resource':
    case 'ib-single':
    case 'ib-page':
      return `dma_unmap_page(${of('device')}, ${of('device-address')}, ${of('size')}, ${of('direction')})`;
    case 'sg':
      return entry(of('scatterlist'));
    case 'sgtable':
      return entry(`(${of('sg-table')})->sgl`);
    case 'coherent':
    case 'attrs':
    case 'wc':
    case 'noncoherent':
    case 'usb-coherent':
    case 'dma-pool-block':
      return `kfree(${of('cpu-address')})`;
    case 'pci-io':
    case 'root-bridge-io':
    case 'iommu':
    case 'dmalib':
    case 'virtio':
      return end.model.action === 'free' ? `FreePages (${of('cpu-address')}, ${of('pages')})` : null;
    default:
      return null;
  }
}

const isName = ({ kind }: SyntaxNode): boolean => kind === 'identifier' || kind === 'field_expression';

function* swappedFamilies(code: FunctionText, pair: Pair): Iterable<Change> {
  for (const end of pair.ends) {
    const whole = code.statement(end);
    const other = otherRelease(code, pair, end);
    if (whole && other !== null) yield replace(code, whole, `${other};`);
  }
}

/** The memory is freed before its mapping ends: where both are statements of one block, the free moves before the release. */
function* swappedFrees(code: FunctionText, { begin, ends }: Pair): Iterable<Change> {
  const memory = (['buffer', 'page', 'scatterlist', 'sg-table'] as const).flatMap((role) => {
    const argument = code.argument(begin, role);
    return argument ? [code.plain(argument).replace(/^&/, '')] : [];
  });
  const frees = code.calls.filter(({ model: { action } }) => action === 'free' || action === 'free-memory');
  for (const end of ends)
    for (const free of frees) {
      if (begin.model.action !== 'map' || free.node.start < end.node.end) continue;
      const freed = (['cpu-address', 'page', 'sg-table'] as const).flatMap((role) => {
        const argument = code.argument(free, role);
        return argument ? [code.plain(argument)] : [];
      });
      if (!freed.some((one) => memory.some((other) => other === one || other.startsWith(`${one}->`)))) continue;
      const first = code.statement(end);
      const second = code.statement(free);
      if (!first || !second || blockOf(code, first) !== blockOf(code, second)) continue;
      const between = code.text({ start: first.end, end: second.start });
      if (/\b(?:return|goto|break|continue)\b|[{}]|^\s*\w+:/m.test(between)) continue;
      yield replace(
        code,
        { start: first.start, end: second.end },
        `${code.text(second)} ${code.text(first)}${between}`,
      );
    }
}

function blockOf(code: FunctionText, statement: SyntaxNode): SyntaxNode | null {
  const outer = code.parent(statement);
  return outer?.kind === 'labeled_statement' ? code.parent(outer) : outer;
}

/** EDK2: the device gets the host address, as it works where device addresses are host addresses. */
function* droppedMaps(code: FunctionText, { begin }: Pair): Iterable<Change> {
  const operation = code.argument(begin, 'operation');
  const host = code.argument(begin, 'buffer');
  const out = code.argument(begin, 'device-address-out');
  const whole = code.statement(begin);
  if (!operation || !host || !out || !whole || !/CommonBuffer/.test(code.text(operation))) return;
  const pointer = code.plain(out);
  const place = pointer.startsWith('&') ? pointer.slice(1) : `*${pointer}`;
  const target = code.target(begin.node);
  const status = target === null ? '' : ` ${target} = EFI_SUCCESS;`;
  yield replace(code, whole, `{ ${place} = (EFI_PHYSICAL_ADDRESS)(UINTN) (${code.text(host)});${status} }`);
}
