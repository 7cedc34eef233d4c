import type { FailureSign } from '../models/index.ts';
import { ANYTHING, type Domain, decide, narrow, single } from './domain.ts';
import type { State } from './state.ts';
import type { Resources } from './tables.ts';
import { MAPPING_ERROR, oppositeTest, type Symbols, type TestOperator, type Value, valueKey, ZERO } from './values.ts';

/** Called when a test says something about a resource whose outcome was still open. */
export interface TestObserver {
  /** `value`, a result of resource `resource`, was compared in a way that its API does not define. */
  onWrongTest(state: State, resource: number, test: string): void;
  onRightTest(state: State, resource: number, test: string): void;
}

const SWAPPED: Record<TestOperator, TestOperator> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
  'mapping-error': 'mapping-error',
  'no-mapping-error': 'no-mapping-error',
};

/** Narrows states by tests; keeps outcomes of fallible operations in step with what is learnt of their results. */
export class Conditions {
  private readonly symbols: Symbols;
  private readonly resources: Resources;
  private readonly observer: TestObserver;

  constructor(symbols: Symbols, resources: Resources, observer: TestObserver) {
    this.symbols = symbols;
    this.resources = resources;
    this.observer = observer;
  }

  /** Is `value` known to be true or false? */
  truth(state: State, value: Value): boolean | null {
    switch (value.kind) {
      case 'number':
        return value.value !== 0;
      case 'address':
        return true;
      case 'symbol':
        return decide(state.domain(value.symbol), '!=', -value.offset);
      case 'uninitialised':
        return null;
      case 'test':
        return this.decideTest(state, value.operator, value.left, value.right);
    }
  }

  /** Does the resource begin at a page, as buffers do that are given out in pages? */
  isWholePages(resource: number): boolean {
    const { kind, model } = this.resources.info(resource);
    return kind === 'buffer' && (model?.family === 'coherent' || (model?.args.includes('pages') ?? false));
  }

  private isErrorAddress(value: Value): boolean {
    return value.kind === 'symbol' && this.symbols.info(value.symbol).key === MAPPING_ERROR;
  }

  /** `address == DMA_MAPPING_ERROR` is dma_mapping_error () written out. */
  private asMappingTest(
    operator: TestOperator,
    left: Value,
    right: Value,
  ): { operator: TestOperator; value: Value } | null {
    if (operator !== '==' && operator !== '!=') return null;
    const value = this.isErrorAddress(right) ? left : this.isErrorAddress(left) ? right : null;
    return value && { operator: operator === '==' ? 'mapping-error' : 'no-mapping-error', value };
  }

  private decideTest(state: State, operator: TestOperator, left: Value, right: Value): boolean | null {
    const written = this.asMappingTest(operator, left, right);
    if (written) return this.decideTest(state, written.operator, written.value, ZERO);
    if (left.kind === 'test' && right.kind === 'number') {
      const inner = this.truth(state, left);
      return inner === null ? null : decide(single(inner ? numberWhenTrue(left) : 0), operator, right.value);
    }
    if (operator === 'mapping-error' || operator === 'no-mapping-error') {
      if (this.isErrorAddress(left)) return operator === 'mapping-error';
      const resource = left.kind === 'symbol' ? this.symbols.info(left.symbol).resource : undefined;
      const outcome = resource === undefined ? undefined : state.resource(resource)?.outcome;
      if (outcome === undefined || outcome === 'pending') {
        const fact = this.errorFact(left);
        const known = fact === null ? ANYTHING : state.domain(fact);
        const value = decide(known, '!=', 0);
        return value === null ? null : value === (operator === 'mapping-error');
      }
      return (outcome === 'failed') === (operator === 'mapping-error');
    }
    if (left.kind === 'number' && right.kind === 'number') return decide(single(left.value), operator, right.value);
    if (left.kind === 'symbol' && right.kind === 'number') {
      // A named constant that is compared by size counts something: there is at least one of it.
      const isCount =
        operator !== '==' &&
        operator !== '!=' &&
        /^(const:|[A-Z][A-Z0-9_]*\()/.test(this.symbols.info(left.symbol).key);
      const domain = state.domain(left.symbol);
      return decide(isCount ? (narrow(domain, '>', 0) ?? domain) : domain, operator, right.value - left.offset);
    }
    if (left.kind === 'number' && right.kind === 'symbol')
      return this.decideTest(state, SWAPPED[operator], right, left);
    if (left.kind === 'address' && right.kind === 'number')
      return decide({ low: 4096, high: Number.POSITIVE_INFINITY, not: [] }, operator, right.value);
    if (right.kind === 'address' && left.kind === 'number')
      return this.decideTest(state, SWAPPED[operator], right, left);
    if (left.kind === 'symbol' && right.kind === 'symbol' && left.symbol === right.symbol)
      return decide(single(left.offset), operator, right.offset);
    if (valueKey(left) === valueKey(right) && left.kind !== 'uninitialised') return decide(single(0), operator, 0);
    if (left.kind === 'symbol' && right.kind === 'symbol' && (operator === '==' || operator === '!=')) {
      const [a, b] = [left, right].map((v) => this.symbols.info(v.symbol).key);
      if (a?.startsWith('const:') && b?.startsWith('const:')) return operator === '!=';
      // A token that Map gave is none of the driver's own constants ("no mapping").
      if (
        [left, right].some((v) => this.symbols.info(v.symbol).role === 'mapping') &&
        [a, b].some((key) => key?.startsWith('const:'))
      )
        return operator === '!=';
    }
    const fact = decide(state.domain(this.relationFact(operator, left, right).symbol), '!=', 0);
    return fact === null ? null : fact !== this.relationFact(operator, left, right).inverted;
  }

  /** The state in which `value` is true / false, or null when that cannot be. Takes `state` over. */
  assume(state: State, value: Value, truth: boolean): State | null {
    const known = this.truth(state, value);
    if (known !== null) {
      this.observe(state, value, truth);
      return known === truth ? state : null;
    }
    switch (value.kind) {
      case 'symbol':
        return this.learn(state, value, truth ? '!=' : '==', 0, truth ? '!= 0' : '== 0');
      case 'test':
        return this.assumeTest(state, truth ? value.operator : oppositeTest(value.operator), value.left, value.right);
      default:
        return state;
    }
  }

  private observe(state: State, value: Value, _truth: boolean): void {
    // A test whose result is known already still counts as the test of a pending result.
    if (value.kind === 'test' && value.left.kind === 'symbol' && value.operator.endsWith('mapping-error')) {
      const resource = this.symbols.info(value.left.symbol).resource;
      if (resource !== undefined) this.observer.onRightTest(state, resource, 'dma_mapping_error');
    }
    // 0 is no sign of failure: the test says nothing, though its author thinks so.
    const tested =
      value.kind === 'test' && (value.operator === '==' || value.operator === '!=') && value.right.kind === 'number'
        ? value.left
        : value;
    if (tested.kind !== 'symbol') return;
    const { resource, role } = this.symbols.info(tested.symbol);
    if (
      resource === undefined ||
      role !== 'device-address' ||
      this.resources.info(resource).model?.failure !== 'mapping-error'
    )
      return;
    this.observer.onWrongTest(state, resource, '== 0');
  }

  private assumeTest(state: State, operator: TestOperator, left: Value, right: Value): State | null {
    if (left.kind === 'test' && right.kind === 'number') {
      const wanted = [0, numberWhenTrue(left)].filter((n) => decide(single(n), operator, right.value));
      if (wanted.length === 2) return state;
      return wanted[0] === undefined ? null : this.assume(state, left, wanted[0] !== 0);
    }
    const written = this.asMappingTest(operator, left, right);
    if (written) return this.assumeTest(state, written.operator, written.value, ZERO);
    if (operator === 'mapping-error' || operator === 'no-mapping-error')
      return this.assumeMappingTest(state, operator, left);
    if (right.kind === 'symbol' && left.kind === 'number')
      return this.assumeTest(state, SWAPPED[operator], right, left);
    if (right.kind === 'number' && right.value !== 0) this.shorten(state, operator, left);
    if (left.kind === 'symbol' && right.kind === 'number')
      return this.learn(state, left, operator, right.value, `${operator} ${right.value}`);
    this.shorten(state, operator, left);
    this.shorten(state, SWAPPED[operator], right);
    const { symbol, inverted } = this.relationFact(operator, left, right);
    const domain = narrow(state.domain(symbol), inverted ? '==' : '!=', 0);
    if (!domain) return null;
    state.learn(symbol, domain);
    return state;
  }

  /** `NumberOfBytes != Wanted` after a map: fewer bytes were mapped. What is left of them may be compared with 0. */
  private shorten(state: State, operator: TestOperator, left: Value): void {
    if (left.kind !== 'symbol' || left.offset !== 0) return;
    const { role, resource } = this.symbols.info(left.symbol);
    if (role !== 'mapped-bytes' || resource === undefined) return;
    const now = state.resource(resource);
    if (now && now.outcome !== 'failed' && (operator === '!=' || operator === '<'))
      state.update(resource, { outcome: 'short' });
  }

  private assumeMappingTest(state: State, operator: 'mapping-error' | 'no-mapping-error', value: Value): State | null {
    const resource = value.kind === 'symbol' ? this.symbols.info(value.symbol).resource : undefined;
    if (resource !== undefined && state.resource(resource)) {
      this.observer.onRightTest(state, resource, 'dma_mapping_error');
      if (state.resource(resource)?.outcome === 'pending')
        this.settle(state, resource, operator === 'no-mapping-error');
      return state;
    }
    const fact = this.errorFact(value);
    if (fact === null) return state;
    const domain = narrow(state.domain(fact), operator === 'mapping-error' ? '!=' : '==', 0);
    if (!domain) return null;
    state.learn(fact, domain);
    return state;
  }

  private errorFact(value: Value): number | null {
    return value.kind === 'symbol' || value.kind === 'address'
      ? this.symbols.intern(`mapping-error(${valueKey(value)})`)
      : null;
  }

  private relationFact(operator: TestOperator, left: Value, right: Value): { symbol: number; inverted: boolean } {
    let [op, a, b] = [operator, valueKey(left), valueKey(right)];
    if (a > b) [op, a, b] = [SWAPPED[op], b, a];
    const inverted = op === '!=' || op === '>=' || op === '<=';
    if (inverted) op = oppositeTest(op);
    return { symbol: this.symbols.intern(`${a}${op}${b}`), inverted };
  }

  private learn(
    state: State,
    { symbol, offset }: Pick<Value & { kind: 'symbol' }, 'symbol' | 'offset'>,
    operator: TestOperator,
    than: number,
    test: string,
  ): State | null {
    const value = than - offset;
    const domain = narrow(state.domain(symbol), operator, value);
    if (!domain) return null;
    state.learn(symbol, domain);
    const { resource, role, key } = this.symbols.info(symbol);
    if (domain.low === 0 && domain.high === 0)
      for (const part of JOINED.test(key) ? key.matchAll(/\bs(\d+)\b/g) : [])
        if (!this.learn(state, { symbol: Number(part[1]), offset: 0 }, '==', 0, test)) return null;
    if (resource === undefined || role === undefined) return state;
    const now = state.resource(resource);
    // No entries: it worked, and nothing is mapped.
    if (now?.outcome === 'ok' && role === 'count' && domain.high <= 0) state.update(resource, { outcome: 'failed' });
    if (now?.outcome !== 'pending' || now.life === 'gone') return state;
    const sign = this.resources.info(resource).model?.failure ?? 'never';
    const failed = failureBy(sign, role, domain, isOfSign(operator, value));
    // A number that is counted down from the result says nothing of it.
    if (failed === 'wrong' && offset !== 0) return domain.high < 0 ? null : state;
    if (failed === 'wrong') {
      this.observer.onWrongTest(state, resource, test);
      // The author took this arm for the failure: nothing is reported twice by believing that.
      if (domain.low === 0 && domain.high === 0) this.settle(state, resource, false);
      return state;
    }
    if (failed !== null) {
      this.observer.onRightTest(state, resource, test);
      this.settle(state, resource, !failed);
    }
    return state;
  }

  private settle(state: State, resource: number, worked: boolean): void {
    state.update(resource, { outcome: worked ? 'ok' : 'failed' });
    const info = this.resources.info(resource);
    if (worked) {
      for (const symbol of info.nonzero) {
        const domain = narrow(state.domain(symbol), '!=', 0);
        if (domain) state.learn(symbol, domain);
      }
      return;
    }
    for (const { location, before } of info.outputs) {
      const held = state.get(location);
      if (held?.kind !== 'symbol' || this.symbols.info(held.symbol).resource !== resource) continue;
      // A variable that had no value has none now: the failed handle stays in it, as the thing that must not be used.
      if (before?.kind === 'uninitialised') continue;
      if (before) state.set(location, before);
      else state.remove(location);
    }
  }
}

/** `first | second`: nothing of it is set where it is zero. */
const JOINED = /^\((?:s?\d+\|)+s?\d+\)$/;

/** dma_mapping_error () answers -ENOMEM, a comparison 1. */
const numberWhenTrue = ({ operator }: Value & { kind: 'test' }): number => (operator === 'mapping-error' ? -12 : 1);

/** Does the test ask whether a number is negative? */
const isOfSign = (operator: TestOperator, value: number): boolean =>
  operator === '<' || operator === '>=' ? value === 0 : (operator === '<=' || operator === '>') && value === -1;

/**
 * Does `domain` tell that the operation failed (true), worked (false), nothing (null), or is the test itself wrong? `asksSign`:
 * the test was whether the number is negative.
 */
function failureBy(sign: FailureSign, role: string, domain: Domain, asksSign: boolean): boolean | null | 'wrong' {
  const zero = decide(domain, '==', 0);
  switch (sign) {
    case 'mapping-error':
      return role === 'device-address' ? 'wrong' : null;
    case 'null':
      return role === 'cpu-address' || role === 'channel' ? zero : null;
    case 'zero':
      // sg count: only zero means failure, a negative test never holds
      if (role !== 'count') return null;
      if (domain.high < 0) return 'wrong';
      if (domain.high === 0) return true;
      return zero ?? (domain.low === 0 && asksSign ? 'wrong' : null);
    case 'nonzero':
    case 'efi-error':
      if (role !== 'status') return null;
      if (zero !== null) return !zero;
      if (domain.high < 0) return true;
      // An error number is negative.
      return sign === 'nonzero' && domain.low >= 0 ? false : null;
    case 'negative':
    case 'err-pointer':
      // No entries: nothing was mapped that would have to be unmapped.
      if (role === 'count' && domain.high <= 0) return true;
      if (role === 'mapped-bytes' || role === 'device-address') return null;
      // A count fails with one error number: whoever asks for that knows of no other.
      return role === 'count' && domain.not.some((number) => number < 0) ? false : decide(domain, '<', 0);
    case 'err-pointer-or-null':
      return decide(domain, '<=', 0);
    case 'not-positive':
      // `< 0` finds every failure of a call that says so by a negative number; 0 entries are no mapping either.
      return role === 'count' ? (domain.low === 0 ? false : decide(domain, '<=', 0)) : null;
    case 'never':
    case 'silent':
      return null;
  }
}
