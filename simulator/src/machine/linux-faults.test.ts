import { expect, it } from 'vitest';
import { compileDmaseq, PLATFORMS, parseDmaseq, run } from '../index.ts';

/** Kinds of faults, with the lines at which the machine noticed them. */
function faults(text: string): string[] {
  const parsed = parseDmaseq(`dialect linux\n${text}`);
  if (!parsed.ok) throw new Error(parsed.errors.map((e) => `${e.line}: ${e.message}`).join('; '));
  const compiled = compileDmaseq(parsed.document);
  if (!compiled.ok) throw new Error(compiled.errors.map((e) => `${e.line}: ${e.message}`).join('; '));
  const [platform] = PLATFORMS;
  if (!platform) throw new Error('no platform');
  const { program } = compiled.compiled;
  return run(program, platform).violations.map(
    ({ kind, index }) => `${kind} ${(program.operations[index]?.site ?? 0) - 1}`,
  );
}

it.each([
  ['a lock is held', 'atomic-enter\nsleep', ['sleeping-in-atomic 2']],
  ['the lock is released', 'atomic-enter\natomic-leave\nsleep', []],
  ['locks nest', 'atomic-enter\natomic-enter\natomic-leave\nsleep', ['sleeping-in-atomic 4']],
  ['a failed allocation is read', 'allocate a 64 failed\ncpu-read a', ['unchecked-allocation 1']],
  ['a failed allocation is told the device, tested too late', 'allocate a 64 failed\ngive a\ncheck a', []],
  ['a refused mask is forgotten', 'set-mask 32 failed device=d\nallocate a 64 device=d', ['unchecked-mask 1']],
  ['a refused mask is replaced', 'set-mask 32 failed device=d\nset-mask 24 device=d\nallocate a 64 device=d', []],
  [
    'a transfer runs on',
    'map m = unknown 64 from-device\ngive m device=c\ndevice-start device=c\nunmap m',
    ['free-while-running 4'],
  ],
  [
    'a transfer is only asked to stop',
    'map m = unknown 64 from-device\ngive m device=c\ndevice-start device=c\ndevice-stop device=c\nunmap m',
    ['free-while-running 5'],
  ],
  [
    'a transfer is stopped',
    'map m = unknown 64 from-device\ngive m device=c\ndevice-start device=c\ndevice-stop quiet device=c\nunmap m',
    [],
  ],
  ['a transfer ended', 'map m = unknown 64 from-device\ngive m device=c\ndevice-start device=c\nwait\nunmap m', []],
  [
    'the wait ran into its timeout',
    'map m = unknown 64 from-device\ngive m device=c\ndevice-start device=c\nwait failed\nunmap m',
    ['free-while-running 5'],
  ],
  ['code that is not seen may have ended a mapping', 'declare b 64\nmap m = b 64\nhand-over m\nfree b', []],
  ['the program ends it all the same', 'map m = unknown 64\nhand-over m\nunmap m\nunmap m', ['double-unmap 4']],
  ['in another direction', 'map m = unknown 64 from-device\nhand-over m\nunmap m to-device', ['direction-mismatch 3']],
  [
    'its memory was freed meanwhile',
    'declare b 64\nmap m = b 64\nhand-over m\nfree b\nunmap m',
    ['free-while-mapped 4'],
  ],
  ['an allocation that is freed all the same', 'allocate a 64\nhand-over a\nfree a\nfree a', ['double-free 4']],
  ['pages are freed while shared', 'allocate b 4096\nconvert b 4096 shared\nfree b', ['shared-page-freed 3']],
  [
    'pages stay shared, as the conversion fails',
    'allocate b 4096\nconvert b 4096 private failed\nfree b',
    ['shared-page-freed 3'],
  ],
  ['pages are made private again', 'allocate b 4096\nconvert b 4096 shared\nconvert b 4096 private\nfree b', []],
  ['nobody has cleared what is shared', 'allocate b 4096\nconvert b 4096 shared fresh', ['stale-secret-shared 2']],
  ['it was cleared', 'allocate b 4096\nconvert b 4096 shared cleared', []],
  [
    'what the device reads is read by the CPU, which has put nothing there',
    'declare b 64\nmap m = b 64 to-device fresh\nunmap m to-device\ncpu-read b',
    ['wrong-operation 2'],
  ],
  [
    'it has',
    'declare b 64\nmap m = b 64 to-device fresh\nsync m for-cpu to-device\ncpu-write b\ncpu-read b\nunmap m to-device',
    [],
  ],
  [
    'a number of the host is an index',
    'allocate b 64\ncpu-read b value=n\nuse-value index value=n',
    ['host-controlled-value 3'],
  ],
  ['it is tested', 'allocate b 64\ncpu-read b value=n\ntest-value value=n\nuse-value index value=n', []],
  [
    'it is read again after the test',
    'allocate b 64\ncpu-read b value=n\ntest-value value=n\ncpu-read b value=n\nuse-value length value=n',
    ['double-fetch 4'],
  ],
  ['an address of the device is looked up', 'map m = unknown 64\ntranslate m page', ['wrong-address 2']],
  [
    'a sync of the wrong kind',
    'declare b 64\ndeclare-mapping m = b from-device\nsync m for-device\ncpu-read b',
    ['sync-mismatch 3'],
  ],
  [
    'both halves of a pair',
    'declare b 64\ndeclare-mapping m = b from-device\nsync m for-cpu\ncpu-read b\nsync m for-device',
    [],
  ],
  [
    'written and not handed back',
    'declare b 64\nmap m = b 64 bidirectional\nsync m for-cpu bidirectional\ncpu-write b\ngive m',
    ['missing-sync 5'],
  ],
  ['more is told than was mapped', 'map m = unknown 64\ngive m 128', ['device-length-exceeds-mapping 2']],
  ['the mapped length is told', 'map m = unknown ?len\ngive m ?len', []],
  ['an inner address is taken for the whole', 'allocate a 64\ndeclare b in=a\nexport b', ['export-offset 3']],
  ['the whole is handed on', 'allocate a 64\nexport a', []],
  ['what failed is handed on', 'allocate a 64 failed\nexport a', ['unchecked-allocation 1']],
  ['lines are shared', 'declare b 64 embedded\nmap m = b 64 from-device', ['shared-cache-line 2']],
  ['lines are shared with what is only read', 'declare b 64 embedded\nmap m = b 64 to-device', []],
  ['a zone is asked for', 'allocate a 64 attributes=zone-dma', ['invalid-attributes 1']],
  [
    'the first entry is read each time',
    'declare l\ncpu-read other-role l each-entry\ncpu-read other-role l first-entry',
    ['unmapped-sg-access 3'],
  ],
  [
    'the CPU goes by the length that the device has',
    'declare l\ncpu-read other-role l each-entry\ncpu-read other-role l entry-memory',
    ['unmapped-sg-access 2'],
  ],
  [
    'the other channel is stopped',
    'map m = unknown 64\ngive m device=a\ndevice-start device=a\ndevice-stop device=b\nreturn failing',
    ['free-while-running 4'],
  ],
  [
    'both channels are stopped',
    'map m = unknown 64\ngive m device=a\ndevice-start device=a\ndevice-stop device=b\ndevice-stop device=a\nreturn failing',
    [],
  ],
  ['the CPU goes by its own length', 'declare l\ncpu-read other-role l entry-memory', []],
  ['what is cut off', 'map m = unknown 64\ntranslate m truncated', ['wrong-address 2']],
])('%s', (_, text, expected) => {
  expect(faults(text)).toEqual(expected);
});
