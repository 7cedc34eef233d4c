/** What a constant expression may name. */
export interface ConstantNames {
  /** Null where it is not known. */
  numberOf(name: string): number | null;
  /** `defined (NAME)`; null where only a configuration can tell. */
  isDefined(name: string): boolean | null;
}

interface IntegerType {
  readonly bits: number;
  readonly isSigned: boolean;
}

/** A value with its C type after the integer promotions: `int` and wider. */
interface Integer extends IntegerType {
  readonly value: bigint;
}

const TOKEN =
  /\s*(?:(0[xX][\da-fA-F]+|0[bB][01]+|\d+)([uUlLzZ]*)(?![\w.])|L?'((?:\\.|[^'\\])+)'|([A-Za-z_$][\w$]*)|(<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>?:()]))/y;

/** Binary operators, the loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Integer types of one word that a cast may name: by their width, or as wide as an address. */
const FIXED_TYPE = /^(?:(?:__)?(?:([us])|[lb]e)|(u?)int|(U?)INT)(8|16|32|64)(?:_t)?$/;
const WIDE_TYPE = /^(?:dma_addr_t|phys_addr_t|resource_size_t|size_t|EFI_PHYSICAL_ADDRESS|UINTN)$/;
/** Words of which C makes its own: `unsigned long long`. */
const TYPE_WORD = /^(?:unsigned|signed|char|short|int|long)$/;

/** Deeper nesting is no constant that anybody has written. */
const MAX_DEPTH = 60;

/**
 * Value of a C constant expression, as the preprocessor and the compiler reckon on a 64-bit machine; null where it is none,
 * names something that is not known, or cannot be held exactly.
 */
export function evaluateConstant(text: string, names: ConstantNames): number | null {
  try {
    const result = new ConstantReader(text, names).read();
    if (result === null) return null;
    const value = Number(result.value);
    return Number.isSafeInteger(value) ? value : null;
  } catch (error) {
    if (error instanceof NoConstant) return null;
    throw error;
  }
}

type Token =
  | { readonly kind: 'number'; readonly integer: Integer }
  | { readonly kind: 'word' | 'sign'; readonly text: string };

/** The text is no constant expression. */
class NoConstant extends Error {}

class ConstantReader {
  readonly #tokens: readonly Token[];
  readonly #names: ConstantNames;
  #at = 0;
  #depth = 0;

  constructor(text: string, names: ConstantNames) {
    this.#tokens = tokensOf(text);
    this.#names = names;
  }

  read(): Integer | null {
    const result = this.#conditional();
    return this.#at === this.#tokens.length ? result : null;
  }

  #isSign(text: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'sign' && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#isSign(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new NoConstant();
  }

  #conditional(): Integer | null {
    if (++this.#depth > MAX_DEPTH) throw new NoConstant();
    const condition = this.#binary(0);
    let result = condition;
    if (this.#take('?')) {
      const yes = this.#conditional();
      this.#expect(':');
      const no = this.#conditional();
      result = condition === null ? null : condition.value !== 0n ? yes : no;
    }
    this.#depth--;
    return result;
  }

  #binary(level: number): Integer | null {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind !== 'sign' || !operators.includes(token.text)) return left;
      this.#at++;
      left = combined(token.text, left, this.#binary(level + 1));
    }
  }

  #unary(): Integer | null {
    if (++this.#depth > MAX_DEPTH) throw new NoConstant();
    const result = this.#prefixed();
    this.#depth--;
    return result;
  }

  #prefixed(): Integer | null {
    if (this.#take('+')) return this.#unary();
    if (this.#take('-')) return map(this.#unary(), (one) => wrapped(-one.value, one));
    if (this.#take('~')) return map(this.#unary(), (one) => wrapped(~one.value, one));
    if (this.#take('!')) return map(this.#unary(), (one) => truth(one.value === 0n));
    const type = this.#cast();
    if (type !== null) return map(this.#unary(), (one) => converted(one.value, type));
    if (this.#take('(')) {
      const inner = this.#conditional();
      this.#expect(')');
      return inner;
    }
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'number') return token.integer;
    if (token?.kind !== 'word') throw new NoConstant();
    return this.#name(token.text);
  }

  /** The type of `(type)`, which it passes; null where no cast stands. */
  #cast(): IntegerType | null {
    if (!this.#isSign('(')) return null;
    const words: string[] = [];
    let at = this.#at + 1;
    for (; ; at++) {
      const token = this.#tokens[at];
      if (token?.kind !== 'word') break;
      words.push(token.text);
    }
    const close = this.#tokens[at];
    if (close?.kind !== 'sign' || close.text !== ')') return null;
    const type = typeOf(words);
    if (type !== null) this.#at = at + 1;
    return type;
  }

  #name(name: string): Integer | null {
    if (name === 'defined') {
      const isEnclosed = this.#take('(');
      const asked = this.#tokens[this.#at++];
      if (asked?.kind !== 'word') throw new NoConstant();
      if (isEnclosed) this.#expect(')');
      const answer = this.#names.isDefined(asked.text);
      return answer === null ? null : truth(answer);
    }
    if (this.#isSign('(')) {
      this.#arguments();
      return null;
    }
    const value = this.#names.numberOf(name);
    return value === null ? null : integer(BigInt(value));
  }

  /** Passes what a call of a macro or `sizeof` has between its parentheses. */
  #arguments(): void {
    let depth = 0;
    do {
      const token = this.#tokens[this.#at++];
      if (token === undefined) throw new NoConstant();
      if (token.kind === 'sign') depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0;
    } while (depth > 0);
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const [, digits, suffix = '', character, word, sign = ''] = TOKEN.exec(text) ?? [];
    if (digits !== undefined) tokens.push({ kind: 'number', integer: literal(digits, suffix) });
    else if (character !== undefined) tokens.push({ kind: 'number', integer: integer(characterCode(character)) });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (sign !== '') tokens.push({ kind: 'sign', text: sign });
    else throw new NoConstant();
  }
  return tokens;
}

const INT: IntegerType = { bits: 32, isSigned: true };
const TYPES: readonly IntegerType[] = [
  INT,
  { bits: 32, isSigned: false },
  { bits: 64, isSigned: true },
  { bits: 64, isSigned: false },
];

const wrapped = (value: bigint, { bits, isSigned }: IntegerType): Integer => ({
  value: isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value),
  bits,
  isSigned,
});

/** The value as the first of C's types that it fits into. */
function integer(value: bigint, types = TYPES): Integer {
  const type = types.find((one) => wrapped(value, one).value === value);
  return wrapped(value, type ?? { bits: 64, isSigned: false });
}

const truth = (is: boolean): Integer => integer(is ? 1n : 0n);

function map(one: Integer | null, change: (one: Integer) => Integer): Integer | null {
  return one && change(one);
}

/** After a cast: what is narrower than an `int` becomes one again. */
function converted(value: bigint, type: IntegerType): Integer {
  const result = wrapped(value, type);
  return type.bits < 32 ? { ...INT, value: result.value } : result;
}

/** A decimal literal is unsigned only if it says so. */
function literal(digits: string, suffix: string): Integer {
  const isOctal = /^0\d/.test(digits);
  const value = isOctal ? BigInt(Number.parseInt(digits, 8) || 0) : BigInt(digits);
  const isUnsigned = /u/i.test(suffix);
  const isDecimal = /^[1-9]/.test(digits);
  const least = /l/i.test(suffix) ? 64 : 32;
  return integer(
    value,
    TYPES.filter(({ bits, isSigned }) => bits >= least && (isUnsigned ? !isSigned : isSigned || !isDecimal)),
  );
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, '0': 0, '\\': 92, "'": 39, '"': 34 };

function characterCode(character: string): bigint {
  const code = character.startsWith('\\') ? ESCAPES[character.slice(1)] : character.charCodeAt(0);
  if (code === undefined || character.length > 2 || (character.length === 2 && !character.startsWith('\\')))
    throw new NoConstant();
  return BigInt(code);
}

function typeOf(words: readonly string[]): IntegerType | null {
  const [first = ''] = words;
  if (words.length === 1) {
    const [, mark, unsigned, UNSIGNED, bits] = FIXED_TYPE.exec(first) ?? [];
    if (bits !== undefined) return { bits: Number(bits), isSigned: mark === 's' || unsigned === '' || UNSIGNED === '' };
    if (WIDE_TYPE.test(first)) return { bits: 64, isSigned: false };
  }
  if (words.length === 0 || !words.every((word) => TYPE_WORD.test(word))) return null;
  const bits = words.includes('long') ? 64 : words.includes('char') ? 8 : words.includes('short') ? 16 : 32;
  return { bits, isSigned: !words.includes('unsigned') };
}

/** The result of an operator; what one operand decides needs no other. */
function combined(operator: string, left: Integer | null, right: Integer | null): Integer | null {
  if (operator === '&&' || operator === '||') {
    const decisive = operator === '||';
    const [a, b] = [left, right].map((one) => one && one.value !== 0n);
    if (a === decisive || b === decisive) return truth(decisive);
    return a === null || b === null ? null : truth(!decisive);
  }
  if (left === null || right === null) return null;
  if (operator === '<<' || operator === '>>') {
    if (right.value < 0n || right.value >= BigInt(left.bits)) return null;
    return wrapped(operator === '<<' ? left.value << right.value : left.value >> right.value, left);
  }
  const bits = Math.max(left.bits, right.bits);
  const isUnsigned = [left, right].some((one) => one.bits === bits && !one.isSigned);
  const type = { bits, isSigned: !isUnsigned };
  const [{ value: a }, { value: b }] = [wrapped(left.value, type), wrapped(right.value, type)];
  switch (operator) {
    case '+':
      return wrapped(a + b, type);
    case '-':
      return wrapped(a - b, type);
    case '*':
      return wrapped(a * b, type);
    case '/':
      return b === 0n ? null : wrapped(a / b, type);
    case '%':
      return b === 0n ? null : wrapped(a % b, type);
    case '&':
      return wrapped(a & b, type);
    case '|':
      return wrapped(a | b, type);
    case '^':
      return wrapped(a ^ b, type);
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    case '<':
      return truth(a < b);
    case '<=':
      return truth(a <= b);
    case '>':
      return truth(a > b);
    case '>=':
      return truth(a >= b);
    default:
      return null;
  }
}
