import type { DmaPath, SourcePlace } from '../sequence/index.ts';

/** One activation of a callee; a call that is executed twice makes two. */
export interface Activation {
  readonly call: SourcePlace;
}

/** The activations in which each operation of a path happened, outermost first. */
export function activations(path: DmaPath): readonly (readonly Activation[])[] {
  const around: (readonly Activation[])[] = [];
  let calls: readonly Activation[] = [];
  let next = 0;
  path.program.operations.forEach((_, index) => {
    for (let step = path.steps[next]; step && step.before <= index; step = path.steps[++next]) {
      if (step.what === 'call') calls = [...calls, { call: step.place }];
      else if (step.what === 'return') calls = calls.slice(0, -1);
    }
    around.push(calls);
  });
  return around;
}

/** How many of the outermost activations all of these have in common. */
export function commonDepth(chains: readonly (readonly Activation[])[]): number {
  const [first = [], ...others] = chains;
  const isCommon = (depth: number): boolean =>
    others.every((chain) => chain[depth] !== undefined && chain[depth] === first[depth]);
  let depth = 0;
  while (depth < first.length && isCommon(depth)) depth++;
  return depth;
}
