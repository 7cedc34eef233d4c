/** "; did you mean 'map'?" where one of the words is near, else nothing. */
export function nearest(wrong: string, words: readonly string[]): string {
  let best = '';
  let least = Math.min(4, wrong.length);
  for (const word of words) {
    const distance = editDistance(wrong, word);
    if (distance < least) [best, least] = [word, distance];
  }
  return best === '' ? '' : `; did you mean '${best}'?`;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
