/** The header of a swiotlb trace: which rules, which devices. */
import { type DirectDevice, SwiotlbDevice, type SwiotlbRelease } from '../../../simulator/src/bounce/swiotlb/index.ts';
import { ForeignLine, isJsonObject, type JsonObject, listField, numberField } from './replayer.ts';

export function releaseOf(version: string): SwiotlbRelease {
  if (version.startsWith('6.1.')) return '6.1';
  if (version.startsWith('6.12.')) return '6.12';
  throw new ForeignLine(`no swiotlb rules for Linux "${version}"`);
}

export function readDevices(parameters: JsonObject): ReadonlyMap<number, SwiotlbDevice> {
  return new Map(
    objects(parameters, 'devices').map((device) => [
      numberField(device, 'dev'),
      new SwiotlbDevice(numberField(device, 'min_align_mask'), largeNumber(device, 'seg_boundary_mask')),
    ]),
  );
}

export function readDirectDevices(
  parameters: JsonObject,
  devices: ReadonlyMap<number, SwiotlbDevice>,
): ReadonlyMap<number, DirectDevice> {
  if (parameters.dma_devices === undefined) return new Map();
  return new Map(
    objects(parameters, 'dma_devices').map((device) => {
      const number = numberField(device, 'dev');
      return [
        number,
        {
          dmaMask: largeNumber(device, 'dma_mask'),
          busLimit: largeNumber(device, 'bus_dma_limit'),
          coherent: numberField(device, 'coherent') === 1,
          bounce: devices.get(number) ?? new SwiotlbDevice(),
        },
      ];
    }),
  );
}

function objects(parameters: JsonObject, field: string): readonly JsonObject[] {
  return listField(parameters, field).map((item) => {
    if (!isJsonObject(item)) throw new ForeignLine(`"${field}" has an item that is no object`);
    return item;
  });
}

export function optionalNumber(parameters: JsonObject, field: string, otherwise: number): number {
  return parameters[field] === undefined ? otherwise : numberField(parameters, field);
}

/** A limit: what is above 2^53 - 1 limits nothing that is simulated here. */
function largeNumber(object: JsonObject, field: string): number {
  const value = object[field];
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) throw new ForeignLine(`"${field}" is not a number`);
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}
