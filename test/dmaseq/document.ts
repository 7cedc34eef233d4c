/** docs/dmaseq.md, made from the syntax, the counters and the violations themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPTIONS, SYNTAX, WORDS } from '../../simulator/src/dmaseq/syntax.ts';
import { VIOLATION_KINDS } from '../../simulator/src/dmaseq/violations.ts';
import { COUNTER_NAMES, COUNTERS } from '../../simulator/src/machine/counters.ts';

const example = (name: string): string => readFileSync(join('examples', `${name}.dmaseq`), 'utf8');

const MEANINGS: Readonly<Record<keyof typeof SYNTAX, string>> = {
  declare: 'memory that was there before, or that no DMA call made',
  'declare-mapping': 'a mapping of known memory that was there before',
  allocate: 'memory is allocated; without a word, such as a device may share (`dma`)',
  free: 'it is freed',
  map: 'memory is mapped for a device; without a word, for one transfer (streaming)',
  unmap: 'a mapping is taken back',
  sync: 'a mapping changes hands for a while',
  check: 'the program tests whether a mapping worked; `wrong` = not by the test that the API defines',
  'cpu-read': 'the CPU reads memory',
  'cpu-write': 'the CPU writes memory',
  'test-value': 'the program compares what it has read (`value=`) from memory that the host can write',
  'use-value': 'it uses it as an `index` or a `length`',
  translate: "a device's address is used as one of the CPU's, or `truncated`",
  give: 'the device is told an address',
  export: 'a whole allocation is handed on by its address, to user space or another driver',
  'device-start': 'bus mastering or a queue is started',
  'device-stop': 'it is stopped; `quiet` = nothing is under way any more',
  wait: 'the program waits until the device is done; `failed` = it was not (a timeout)',
  return: 'the program ends; `failing` = it tells its caller that it failed',
  'set-mask': 'the program says how many address bits (`SIZE`, 1 to 64) the device drives',
  'set-attribute': 'IOMMU access rights of a mapping',
  convert: 'the program converts pages by itself',
  'memory-map-change': "UEFI's memory map changes",
  'exit-boot-services': 'ExitBootServices begins (handlers run), or is over',
  'atomic-enter': 'nothing may sleep from here on',
  'atomic-leave': 'it may again',
  sleep: 'a call that may sleep',
  lose: 'the last reference is gone; `failing` = on a path that reports failure, `uncertain` = another holder may have been missed',
  'hand-over': 'code that is not seen may have released or kept it: nothing is claimed any more',
};

export function dmaseqDocument(): string {
  return `# DMA programs: \`.dmaseq\`

A \`.dmaseq\` file says what a piece of driver code does to memory, mappings and devices, one operation in a line. It is what the
checker executes, in a form that people write: to try something out, to pin a behaviour down, to put in a bug report.

\`\`\`text
dma-audit run FILE.dmaseq [--platform ID,… | all] [--format text|json] [--timeline]
\`\`\`

runs it and tells what breaks where, what was counted and what it costs. The exit status is 0 when all is as expected, 1 when an
expectation fails or a violation is unexpected, 2 when the program cannot be read or is faulty, 3 for a faulty platform
description, 4 for wrong usage. [The JSON report](schema/run.json) has the whole timeline. [platforms.md](platforms.md) tells what
the platforms are and what is assumed where a program does not say.

## An example

\`\`\`text
${example('leak-on-error')}\`\`\`

More of them are in \`examples/\`.

## The text

- One statement in a line. \`#\` begins a comment.
- \`program NAME\`, \`dialect linux\` or \`dialect edk2\` (Linux when it is not said) and \`platform ID, ID …\` stand at the top. Without
  platforms the program runs on those that the checker uses.
- Sizes are bytes; \`K\`, \`M\` and \`G\` are powers of 1,024. \`?\` is a size that is not known, \`?len\` one that is the same wherever
  \`?len\` stands.
- Names are letters, digits, \`_\`, \`-\` and \`.\`. A name that is made again stands for the new thing from there on.
- Texts that are no such word stand in quotes: \`api="PciIo->Map"\`.
- \`given mapping NAME\` and \`given buffer NAME\` stand for what the program was handed by somebody else.

### Loops

\`\`\`text
repeat 16 as i {
  map rx[i] = ring 2K from-device
}
unmap rx[0]
\`\`\`

\`i\` counts from 0 and can stand in a name, \`rx[i]\` or \`rx[i+1]\`; \`repeat 16 {\` counts for nobody. Loops are unrolled, to at most
100,000 operations.

### What an operation works on

| written | means |
| --- | --- |
| \`NAME\` | the very value that the operation returned: buffer, or address or token of the mapping |
| \`offset NAME\` | that value, advanced by some bytes |
| \`address-of NAME\` | a pointer to the place that holds the value |
| \`other-role NAME\` | another result of the same operation: the host address, where the device address was wanted |
| \`null\`, \`unknown\` | NULL; something that is not known |
| \`uninitialised NAME\` | a variable that nothing was written to |

## Operations

What stands in brackets may be left out. Words and \`key=value\` come in any order. Every operation takes \`api=\`, the name of the call
for the report. \`family=\` tells which calls belong together (a release of another family is an \`api-mismatch\`); what is released
belongs to the right one when nothing is said.

${table(
  ['operation', 'words and keys', 'meaning'],
  (Object.keys(SYNTAX) as (keyof typeof SYNTAX)[]).map((op) => [operationText(op), wordsText(op), MEANINGS[op]]),
)}

\`memory\` is one of ${[...WORDS.memory.words.keys()].map((word) => `\`${word}\``).join(', ')}.

## Expectations

| written | holds when |
| --- | --- |
| \`expect clean\` | nothing is wrong in the whole program |
| \`expect VIOLATION\` | there is at least one such violation in the whole program; \`times N\`: exactly N of them |
| \`expect VIOLATION breaks\`, \`works\` | and each of them shows on the platform, or happens to work there |
| \`expect refusal\` | the platform would have failed a call that the program takes for successful; \`times N\`: exactly N |
| \`expect COUNTER = N\` | the counter has this value at this place; also \`!=\`, \`<\`, \`<=\`, \`>\`, \`>=\` |

\`on ID, ID …\` behind it limits an expectation to these platforms. A violation that no line expects is a failure.

Violations: ${VIOLATION_KINDS.map((kind) => `\`${kind}\``).join(', ')}.

## Counters

${table(
  ['counter', 'counts'],
  COUNTER_NAMES.map((name) => [`\`${name}\``, `${COUNTERS[name].title}${COUNTERS[name].gauge ? ' now' : ''}`]),
)}

Bytes copied "aside and back" are those of a common buffer that IoMmuDxe converts in place, by way of a private stash. What a
platform does once, before the program begins, is told apart and not in these counts.
`;
}

function operationText(op: keyof typeof SYNTAX): string {
  const places = SYNTAX[op].positional.map((one) =>
    one === 'name' ? 'NAME' : one === 'target' ? 'TARGET' : one === 'size' ? '[SIZE]' : one,
  );
  return `\`${[op, ...places].join(' ')}\``;
}

function wordsText(op: keyof typeof SYNTAX): string {
  const { words, options, required } = SYNTAX[op];
  const fields = words.map((name) => {
    const choices: readonly string[] = [...WORDS[name].words.keys()];
    const text = choices.length > 5 ? name : choices.join(' \\| ');
    return required.includes(name) ? text : `[${text}]`;
  });
  const keys = options
    .filter((key) => key !== 'api')
    .map((key) => `[${key}=${OPTIONS[key].value === 'list' ? '…,…' : '…'}]`);
  return [...fields, ...keys].join(' ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
