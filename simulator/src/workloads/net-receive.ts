import { PER_CPU_QUEUE } from '../iommu/flush-queue.ts';
import { IovaDomain } from '../iommu/iova-domain.ts';
import { estimate } from '../platforms/cost-estimate.ts';
import { parametersOf, type Row, type Workload } from './workload.ts';

const PARAMETERS = {
  rate: { title: '4 KiB buffers received in a second; 0 = several rates', value: 0, min: 0, max: 2_000_000 },
  cpus: { title: 'CPUs that receive, in turn', value: 1, min: 1, max: 128 },
  ring: { title: 'buffers that stay mapped', value: 256, min: 1, max: 8192 },
} as const;

const RATES = [1_000, 20_000, 100_000, 1_000_000];
const MILLISECONDS = 1_000;

/** One second: each buffer received is unmapped and another one mapped in its place. */
function receive(mode: 'strict' | 'lazy', rate: number, cpus: number, ring: number): Row {
  const domain = new IovaDomain({
    cpus,
    limit: 2 ** 36 - 1,
    try32First: true,
    queue: mode === 'strict' ? null : PER_CPU_QUEUE,
  });
  const mapped = Array.from({ length: ring }, (_, n) => domain.map(n % cpus, 1));
  let done = 0;
  for (let ms = 1; ms <= MILLISECONDS; ms += 1) {
    for (; done < Math.floor((rate * ms) / MILLISECONDS); done += 1) {
      const cpu = done % cpus;
      const slot = done % ring;
      domain.unmap(cpu, mapped[slot] ?? 0, 1);
      mapped[slot] = domain.map(cpu, 1);
    }
    domain.advance(1);
  }
  const { sync, flushAll } = domain.counters;
  const invalidations = sync + flushAll;
  return {
    rate,
    mode,
    invalidations,
    perInvalidation: rate / invalidations,
    time: estimate({ 'vtd-iotlb': invalidations }),
  };
}

export const netReceive: Workload = {
  name: 'net-receive',
  title: 'A network adapter receives 4 KiB buffers for a second behind an IOMMU, strict and lazy',
  claim: 'one invalidation for each buffer when strict; lazily one for some 255 of them, or one in 10 ms',
  source: 'Linux 6.12 drivers/iommu/dma-iommu.c; the gain measured in 2008 was 15 to 20 % (5e0d2a6fc094)',
  parameters: PARAMETERS,
  columns: [
    { id: 'rate', title: 'buffers/s', unit: 'count' },
    { id: 'mode', title: 'mode', unit: 'text' },
    { id: 'invalidations', title: 'invalidations/s', unit: 'count' },
    { id: 'perInvalidation', title: 'buffers per invalidation', unit: 'ratio' },
    { id: 'time', title: 'time in a second, at vtd-iotlb', unit: 'time' },
  ],
  run(overrides) {
    const parameter = parametersOf(PARAMETERS, overrides);
    const rates = parameter('rate') > 0 ? [parameter('rate')] : RATES;
    return rates.flatMap((rate) =>
      (['strict', 'lazy'] as const).map((mode) => receive(mode, rate, parameter('cpus'), parameter('ring'))),
    );
  },
};
