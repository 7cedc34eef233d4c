import { ConfidentialFirmware } from './confidential-boot.ts';
import { parametersOf, type Row, type Workload } from './workload.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const HOST = 0x2_0000_0000;

const PARAMETERS = {
  bytes: { title: 'bytes of one read; 0 = several sizes', value: 0, min: 0, max: 2 ** 30 },
} as const;

const SIZES = [4 * KIB, 64 * KIB, 2 * MIB, 16 * MIB];

/** One read by DMA: a control block that both sides write, and the data, each mapped for this transfer only. */
function read(pool: boolean, bytes: number): Row {
  const firmware = new ConfidentialFirmware('tdx', pool ? 'head' : '2021');
  const before = { ...firmware.memory.counters };
  const control = firmware.commonPage();
  const data = firmware.map('Write', HOST, bytes);
  firmware.unmap(control.mapping);
  firmware.driver.freeBuffer(control.host);
  firmware.unmap(data);
  const { counters } = firmware.memory;
  return {
    bytes,
    pool: pool ? 'reserved' : 'none',
    conversions: counters.conversions - before.conversions,
    pages: counters.pagesToShared - before.pagesToShared,
    accepts: counters.accepts4k - before.accepts4k,
    copied: firmware.bytesCopied,
  };
}

export const fwCfgRead: Workload = {
  name: 'fw-cfg-read',
  title: 'One fw_cfg read by DMA in a TDX guest',
  claim: '4 conversions for each transfer without the reserved region, none with it (up to 2 MiB, its largest piece)',
  source: 'EDK2 c4e76d2fba (2022-12); OvmfPkg/Library/QemuFwCfgLib',
  parameters: PARAMETERS,
  columns: [
    { id: 'bytes', title: 'bytes', unit: 'count' },
    { id: 'pool', title: 'region', unit: 'text' },
    { id: 'conversions', title: 'conversions', unit: 'count' },
    { id: 'pages', title: 'pages shared', unit: 'count' },
    { id: 'accepts', title: 'accepts of 4 KiB', unit: 'count' },
    { id: 'copied', title: 'bytes copied', unit: 'count' },
  ],
  run(overrides) {
    const bytes = parametersOf(PARAMETERS, overrides)('bytes');
    return (bytes > 0 ? [bytes] : SIZES).flatMap((size) => [read(false, size), read(true, size)]);
  },
};
