/**
 * Weight of each node of a call graph: its own and that of what it calls in turn, counted once for each caller. The members of
 * a cycle weigh the same: all of them together. Does not depend on the order of the nodes.
 */
export function weights<T>(
  nodes: Iterable<T>,
  own: (node: T) => number,
  callees: (node: T) => readonly T[],
): Map<T, number> {
  const result = new Map<T, number>();
  const lowest = new Map<T, number>();
  const stack: T[] = [];
  /** Tarjan's strongly connected components: a node whose lowest reachable one is itself ends a component. */
  const visit = (node: T): number => {
    const index = lowest.size;
    lowest.set(node, index);
    const at = stack.push(node) - 1;
    let low = index;
    for (const callee of callees(node)) {
      if (result.has(callee)) continue;
      low = Math.min(low, lowest.get(callee) ?? visit(callee));
    }
    lowest.set(node, low);
    if (low === index) {
      const component = new Set(stack.splice(at));
      let sum = 0;
      for (const member of component) {
        sum += own(member);
        for (const callee of callees(member)) if (!component.has(callee)) sum += result.get(callee) ?? 0;
      }
      for (const member of component) result.set(member, sum);
    }
    return low;
  };
  for (const node of nodes) if (!lowest.has(node)) visit(node);
  return result;
}
