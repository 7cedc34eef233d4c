import { type CostFigure, type MappingAddress, type Platform, rangeOf } from '@dma-audit/simulator';
import type { PlaceFacts } from '../audit/index.ts';
import type { ApiModel, FailureSign } from '../models/index.ts';
import type { CallAnswer } from './messages.ts';
import { bytesText, changesText, timeText } from './words.ts';

type Actions = Readonly<Partial<Record<ApiModel['action'], string>>>;

const ACTIONS: Actions = {
  allocate: 'allocates DMA memory',
  free: 'frees DMA memory',
  map: 'makes memory reachable for the device',
  unmap: 'ends a mapping',
  sync: 'hands mapped memory over',
  'check-mapping': 'tells whether a mapping failed: the only way to find out',
  'set-mask': 'says how many address bits the device drives',
  'set-attribute': 'sets what the device may do with a mapping',
  convert: 'converts pages between private and shared',
  'mapped-address': 'gives the device address of memory that its allocator has mapped',
  'to-device-address': 'gives the physical address, which is a device address on few platforms only',
  'device-start': 'from here on the device may access memory by itself',
  'device-stop': 'stops the device from accessing memory',
  give: 'tells the device an address',
  'read-memory': 'reads memory with the CPU',
  'write-memory': 'writes memory with the CPU',
  'copy-memory': 'copies memory with the CPU',
  'sg-address': 'gives the device address of a mapped entry',
  'sg-length': 'gives the length of a mapped entry: it may be another than before the mapping',
  'sg-virtual': "gives the CPU's pointer to what an entry names",
};

/** Worth a word only where they meet DMA memory. */
const EVERYDAY: ReadonlySet<ApiModel['action']> = new Set(['give', 'read-memory', 'write-memory', 'copy-memory']);

const FAILURES: Readonly<Record<FailureSign, string>> = {
  'mapping-error': 'by `dma_mapping_error()` only',
  null: 'by NULL',
  zero: 'by 0',
  nonzero: 'by a value other than 0',
  negative: 'by a negative value',
  'not-positive': 'by 0 or a negative value',
  'err-pointer': 'by `IS_ERR()`',
  'err-pointer-or-null': 'by `IS_ERR_OR_NULL()`',
  'efi-error': 'by `EFI_ERROR()`',
  never: 'never: it cannot fail',
  silent: 'not at all, although it can fail',
};

/** What a mapping gives the device, on a platform. */
export const ADDRESSES: Readonly<Record<MappingAddress, { readonly label: string; readonly words: string }>> = {
  host: { label: 'identity', words: 'the device gets the host address (identity): a fault may go unnoticed here' },
  offset: { label: 'offset', words: 'the device gets the host address at a fixed offset' },
  bounce: { label: 'bounce', words: 'the device gets a bounce buffer; the data are copied' },
  translated: { label: 'IOVA', words: 'the device gets an IOVA, which the IOMMU translates' },
  none: { label: 'no address', words: 'the device gets nothing' },
};

/** Markdown; null when there is nothing to tell of such a call. */
export function hoverText({ callee, model, place, degraded }: CallAnswer, platform: Platform): string | null {
  const action = ACTIONS[model.action];
  if (place === null && (action === undefined || EVERYDAY.has(model.action))) return null;
  const parts = [about(callee, model, action)];
  if (place) parts.push(onPlatform(place, platform));
  if (degraded.length > 0) parts.push(`*This function was analysed in part: ${degraded.join('; ')}*`);
  return parts.join('\n\n---\n\n');
}

function about(callee: string, model: ApiModel, action: string | undefined): string {
  const traits = [model.mode, model.direction, model.managed ? 'released with the device' : undefined];
  const kinds = traits.filter((one) => one !== undefined).join(', ');
  const handsTo = model.owner === undefined ? '' : model.owner === 'cpu' ? ' to the CPU' : ' to the device';
  const pages = model.to === undefined ? '' : `: they become ${model.to}`;
  const lines = [`**${callee}** ${action ?? ''}${handsTo}${pages}${kinds === '' ? '' : ` (${kinds})`}`];
  if (model.failure !== undefined) lines.push(`Failure is told ${FAILURES[model.failure]}.`);
  if (model.family !== undefined && (model.action === 'map' || model.action === 'allocate'))
    lines.push(
      `It is released by a call of the family \`${[model.family, ...(model.releasedBy ?? [])].join('`, `')}\`.`,
    );
  if (model.sleeps !== undefined)
    lines.push(model.sleeps === 'always' ? 'It may sleep.' : 'It may sleep if its flags allow.');
  if (model.source !== undefined) lines.push(`*${model.source}*`);
  return lines.join('  \n');
}

function onPlatform(place: PlaceFacts, platform: Platform): string {
  const { step, steps, ending, outcome } = place;
  const path = { succeeds: 'that succeeds', fails: 'that fails', returns: 'that returns', stops: 'that is left' }[
    ending
  ];
  const failed = outcome === 'failed' ? ', where it fails' : outcome === 'short' ? ', where it maps less' : '';
  const lines = [
    `**${platform.title}** (\`${platform.id}\`), operation ${step} of ${steps} on the path ${path}${failed}`,
  ];
  const items: string[] = [];
  if (place.refused !== null) items.push(`the platform would refuse it: ${place.refused}`);
  if (place.address !== null) items.push(ADDRESSES[place.address].words);
  if (place.bytes !== null)
    items.push(`${bytesText(place.bytes)}${place.isAssumed ? ', assumed: the code does not tell' : ''}`);
  if (place.before && place.after)
    items.push(`memory before: ${stateText(place.before, platform)}; after: ${stateText(place.after, platform)}`);
  const changes = changesText(place.changes);
  if (changes.length > 0) items.push(changes.join(', '));
  const time = timeText(place.cost);
  if (time !== null) items.push(`cost: ${time}${rangeText(place)}`);
  for (const figure of place.figures) items.push(figureText(figure));
  return [...lines, '', ...items.map((item) => `- ${item}`)].join('\n');
}

function figureText(figure: CostFigure): string {
  const { operation, source, hardware } = figure;
  if (rangeOf(figure) === null)
    return `*no figure is published of: ${operation}; \`dma-audit calibrate\` may measure it*`;
  return `*${operation}: ${source}${hardware === '' ? '' : ` (${hardware})`}*`;
}

function rangeText({ cost: { known } }: PlaceFacts): string {
  if (known.typical === null || known.low === known.high) return '';
  const text = timeText({ known: { ...known, typical: null }, unknown: [], unpriced: [], sources: [] });
  return text === null ? '' : ` (${text})`;
}

const OWNERS = {
  absent: 'not there yet',
  cpu: "the CPU's",
  device: "the device's",
  lent: 'mapped, lent to the CPU',
  freed: 'freed',
  lost: 'lost',
  unseen: 'in hands that are not seen',
} as const;

function stateText({ owner, shared, bounced }: NonNullable<PlaceFacts['before']>, { traits }: Platform): string {
  if (owner === 'absent' || owner === 'freed') return OWNERS[owner];
  const page = traits.encrypted ? (shared ? ', shared with the host' : ', private') : '';
  return `${OWNERS[owner]}${page}${bounced ? ', bounced' : ''}`;
}
