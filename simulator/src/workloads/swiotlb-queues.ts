import { DefaultPool } from '../bounce/device-pools.ts';
import { simulateContention } from '../bounce/device-pools-contention.ts';
import { parametersOf, type Row, type Workload } from './workload.ts';

const MIB = 1024 * 1024;
const SLOT_BYTES = 2048;

const PARAMETERS = {
  packetBytes: { title: 'bytes of a packet, at most 2 KiB', value: 1500, min: 1, max: 2048 },
  // 20 Gbit/s of 1,500-byte packets over one lock leave 600 ns of lock for a packet's map and unmap.
  mapHoldNs: { title: 'lock held to map, ns', value: 300, min: 50, max: 1_000_000 },
  unmapHoldNs: { title: 'lock held to unmap, ns', value: 300, min: 50, max: 1_000_000 },
  handoverNs: { title: 'added when the lock was waited for, ns', value: 0, min: 0, max: 1_000_000 },
  workNs: { title: 'work of a queue between map and unmap, ns', value: 600, min: 50, max: 1_000_000 },
  depth: { title: 'mappings that each queue keeps', value: 64, min: 1, max: 4096 },
  poolMiB: { title: 'default pool, MiB', value: 64, min: 1, max: 1024 },
  durationNs: { title: 'time simulated, ns', value: 2_000_000, min: 1, max: 10_000_000 },
} as const;

const QUEUES = [1, 2, 4, 8, 16, 32, 64];

export const swiotlbQueues: Workload = {
  name: 'swiotlb-queues',
  title: 'Queues of an adapter on swiotlb: one lock, areas, a pool of the device with an area for each queue',
  claim: 'a network device of a confidential guest goes from about 20 to 34 Gbit/s once the single lock is split',
  source:
    'cover letter of the swiotlb areas RFC, 2022. The time that locks are held is chosen so that one lock gives its 20 Gbit/s; ' +
    'no limit of the adapter is simulated',
  parameters: PARAMETERS,
  columns: [
    { id: 'queues', title: 'queues', unit: 'count' },
    { id: 'pool', title: 'pool', unit: 'text' },
    { id: 'areas', title: 'areas', unit: 'count' },
    { id: 'rate', title: 'throughput', unit: 'Gbit/s' },
    { id: 'waiting', title: 'locks waited for', unit: 'ratio' },
    { id: 'wait', title: 'mean wait', unit: 'ns' },
    { id: 'longest', title: 'longest wait', unit: 'ns' },
    { id: 'failures', title: 'failed maps', unit: 'count' },
  ],
  run(overrides) {
    const parameter = parametersOf(PARAMETERS, overrides);
    const poolBytes = parameter('poolMiB') * MIB;
    const row = (pool: string, queues: number, areas: number, slotsPerArea: number): Row => {
      const result = simulateContention({
        queues,
        areas,
        slotsPerArea,
        slotsPerMapping: Math.ceil(parameter('packetBytes') / SLOT_BYTES),
        depth: parameter('depth'),
        mapHoldNs: parameter('mapHoldNs'),
        unmapHoldNs: parameter('unmapHoldNs'),
        handoverNs: parameter('handoverNs'),
        workNs: parameter('workNs'),
        durationNs: parameter('durationNs'),
      });
      return {
        queues,
        pool,
        areas,
        rate: (result.mapsPerSecond * parameter('packetBytes') * 8) / 1e9,
        waiting: result.waits / result.acquisitions,
        wait: result.waitNs / result.acquisitions,
        longest: result.longestWaitNs,
        failures: result.failures,
      };
    };
    return QUEUES.flatMap((queues) => {
      const shared = [1, 4, 64].map((areas) => row('default', queues, areas, poolBytes / SLOT_BYTES / areas));
      const own = new DefaultPool(poolBytes).allocate(queues, queues * parameter('depth') * SLOT_BYTES);
      return own === null ? shared : [...shared, row('of the device', queues, own.areas, own.slotsPerArea)];
    });
  },
};
