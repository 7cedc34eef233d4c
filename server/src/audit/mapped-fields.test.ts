import { describe, expect, it } from 'vitest';
import { fieldsMapped } from './mapped-fields.ts';

const fields = (body: string) => [...fieldsMapped(body)];

describe('fieldsMapped', () => {
  it('ties the token to the memory that is mapped in the same call', () => {
    expect(fields('Io->Map (Io, Op, Urb->Data, &Len, &Urb->DataPhy, &Urb->DataMap);')).toEqual([
      { token: 'DataMap', memory: 'Data' },
    ]);
  });

  it('follows a local variable into its field', () => {
    expect(fields('Io->Map (Io, Op, (VOID *)Urb->Data, &Len, &Phy, &Map); Urb->DataMap = Map;')).toEqual([
      { token: 'DataMap', memory: 'Data' },
    ]);
  });

  it('wants both fields in one object', () => {
    expect(fields('Io->Map (Io, Op, Packet->Buffer, &Len, &Phy, &Urb->DataMap);')).toEqual([]);
  });

  it('takes calls without an end, or with too few arguments, for nothing', () => {
    expect(fields('Io->Map (Io, Op; x')).toEqual([]);
    expect(fields('IoMap (&Urb->DataMap)')).toEqual([]);
    expect(fields('IoMap (a, b')).toEqual([]);
  });
});
