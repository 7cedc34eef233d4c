/** One pool of bounce buffer slots, divided in areas of equal size, each with its own lock in the kernel. */
import type { SwiotlbDevice } from './device.ts';
import type { SlotRequest } from './request.ts';
import { SLOT_BYTES, SLOT_SHIFT, SlotMap } from './slot-map.ts';

/** No run of slots fits. */
export const FULL = -1;
/** 6.1 only: the search would go round for ever, with the area's lock held. */
export const NEVER_ENDS = -2;

export class SwiotlbPool {
  /** Physical address of slot 0 (page aligned). */
  readonly start: number;
  readonly slots: number;
  /** A power of two. */
  readonly areas: number;
  readonly areaSlots: number;
  readonly map: SlotMap;
  private readonly areaUsed: Int32Array;
  private readonly areaNext: Int32Array;
  // What the boundary test needs of the device that asked last.
  private device: SwiotlbDevice | null = null;
  private firstAddress = 0;
  private firstPosition = 0;
  private bounded = false;

  constructor(start: number, slots: number, areas: number) {
    this.start = start;
    this.slots = slots;
    this.areas = areas;
    this.areaSlots = slots / areas;
    this.map = new SlotMap(slots);
    this.areaUsed = new Int32Array(areas);
    this.areaNext = new Int32Array(areas);
  }

  /** Slots taken in an area. */
  usedIn(area: number): number {
    return this.areaUsed[area] ?? 0;
  }

  /** Index, within an area, at which its next search begins. */
  nextIn(area: number): number {
    return this.areaNext[area] ?? 0;
  }

  areaOf(slot: number): number {
    return (slot / this.areaSlots) | 0;
  }

  contains(address: number): boolean {
    return address >= this.start && address < this.start + this.slots * SLOT_BYTES;
  }

  slotAt(address: number): number {
    return (address - this.start) >>> SLOT_SHIFT;
  }

  /**
   * Linux 6.12: next fit from where the area's last search ended. Returns the first slot, or FULL.
   * The number of steps is bounded by the slots of the area, counted in the same strides.
   */
  search(request: SlotRequest, device: SwiotlbDevice, area: number): number {
    const { areaSlots, map } = this;
    const { slots, stride, addressMask, addressBits } = request;
    if (slots > areaSlots - this.usedIn(area)) return FULL;
    if (device !== this.device) this.face(device);
    const { firstAddress, bounded } = this;
    const base = area * areaSlots;
    let index = this.nextIn(area);
    for (let counted = 0; counted < areaSlots; ) {
      const slot = base + index;
      let step = 1;
      if (((firstAddress + (slot << SLOT_SHIFT)) & addressMask) === addressBits) {
        if (map.isFree(slot, slots) && !(bounded && this.crosses(slot, slots, device))) return slot;
        step = stride;
      }
      counted += step;
      index += step;
      if (index >= areaSlots) index = 0;
    }
    return FULL;
  }

  /** Linux 6.1: from a start rounded to the stride, until the index comes back to exactly that start. */
  search61(request: SlotRequest, device: SwiotlbDevice, area: number): number {
    const { areaSlots, map } = this;
    const { slots, stride, addressMask, addressBits } = request;
    if (slots > areaSlots - this.usedIn(area)) return FULL;
    if (device !== this.device) this.face(device);
    const { firstAddress, bounded } = this;
    const base = area * areaSlots;
    // Rounded as if the stride were a power of two, even where it is none.
    const rounded = (this.nextIn(area) + stride - 1) & ~(stride - 1);
    const start = rounded >= areaSlots ? 0 : rounded;
    let index = start;
    // An index comes back after at most `areaSlots` steps or never: each step depends on nothing else.
    for (let steps = 0; steps <= areaSlots; steps++) {
      const slot = base + index;
      let step = 1;
      if (((firstAddress + (slot << SLOT_SHIFT)) & addressMask) === addressBits) {
        if (map.isFree(slot, slots) && !(bounded && this.crosses(slot, slots, device))) return slot;
        step = stride;
      }
      index += step;
      if (index >= areaSlots) index = 0;
      if (index === start) return FULL;
    }
    return NEVER_ENDS;
  }

  /** Takes the slots that a search found. Returns the physical address of the data. */
  claim(slot: number, request: SlotRequest, origin: number): number {
    const { lead, slots } = request;
    const area = this.areaOf(slot);
    this.map.claim(slot, slots, lead >> SLOT_SHIFT, origin, request.length - lead);
    this.areaUsed[area] = this.usedIn(area) + slots;
    const next = slot - area * this.areaSlots + slots;
    this.areaNext[area] = next >= this.areaSlots ? 0 : next;
    return this.start + slot * SLOT_BYTES + lead;
  }

  /** First slot of the mapping whose data begins in `slot`, or -1 if there is none. */
  headOf(slot: number): number {
    if (!this.map.isTaken(slot)) return -1;
    const head = this.map.headOf(slot);
    return slot - head === this.map.padding[head] ? head : -1;
  }

  /** Gives back the mapping that begins at `head`, to the area it came from; returns its slots. */
  release(head: number): number {
    const slots = this.map.release(head);
    const area = this.areaOf(head);
    this.areaUsed[area] = this.usedIn(area) - slots;
    return slots;
  }

  private face(device: SwiotlbDevice): void {
    const first = device.withinWindow(this.start);
    this.device = device;
    this.firstAddress = first | 0;
    this.firstPosition = Math.ceil(first / SLOT_BYTES);
    this.bounded = this.firstPosition + this.slots > device.windowSlots;
  }

  private crosses(slot: number, count: number, device: SwiotlbDevice): boolean {
    return ((this.firstPosition + slot) % device.windowSlots) + count > device.windowSlots;
  }
}
