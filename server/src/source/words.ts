/**
 * The words that the lexer tells apart from other identifiers. A word is a small number in the token, so that the passes
 * behind the lexer compare numbers and never cut strings out of the text.
 */

/** Flags of a word. A plain identifier has none. */
export const TYPE = 1; // one of the grammar's primitive types or their modifiers
export const QUALIFIER = 2;
export const STORAGE = 4;
export const TAG = 8; // struct, union, enum
export const CONTROL = 16; // begins or continues a statement
export const EXPRESSION = 32; // keyword inside expressions: sizeof and its like
/** Means nothing to the data flow wherever it stands in a declaration. */
export const ANNOTATION = 64;
/** The same, followed by a group in parentheses. */
export const ANNOTATION_CALL = 128;
/** Says in which direction an EDK2 parameter goes; a common name elsewhere. */
export const PARAMETER_MODIFIER = 256;
/** Another spelling of a C keyword with the same length. */
export const RESPELLED = 512;
/** `typeof` and its spellings. */
export const TYPEOF = 1024;
/** `asm` and its spellings. */
export const ASM = 2048;
/** A keyword of the grammar whose arguments the grammar takes too narrowly. */
export const OPERATOR_LIKE_CALL = 4096;

const RESERVED = TYPE | QUALIFIER | STORAGE | TAG | CONTROL | EXPRESSION;

const widths = [8, 16, 32, 64];
const TABLE: readonly (readonly [flags: number, words: string])[] = [
  [
    TYPE,
    'void char short int long float double signed unsigned bool size_t ssize_t ptrdiff_t intptr_t uintptr_t ' +
      ['int', 'uint', 'char'].map((base) => widths.map((width) => `${base}${width}_t`).join(' ')).join(' '),
  ],
  [QUALIFIER, 'const volatile restrict __restrict__ __restrict __extension__ _Atomic _Noreturn'],
  [STORAGE, 'extern static auto register inline __inline __inline__ __forceinline thread_local __thread typedef'],
  [TAG, 'struct union enum'],
  [CONTROL, 'if else for while do switch case default return goto break continue'],
  [EXPRESSION, 'sizeof'],
  [EXPRESSION | OPERATOR_LIKE_CALL, 'offsetof alignof _alignof _Alignof __alignof __alignof__ _Generic'],
  [TYPEOF, 'typeof __typeof__ __typeof typeof_unqual'],
  [ASM, 'asm __asm__ __asm _asm'],
  [
    ANNOTATION,
    // Linux: include/linux/compiler_types.h, compiler_attributes.h, init.h, cache.h and their like
    '__user __iomem __force __rcu __percpu __kernel __nocast __private __bitwise __init __exit __initdata __initconst ' +
      '__exitdata __meminit __meminitdata __devinit __devexit __devinitdata __cpuinit __ref __refdata __net_init __net_exit ' +
      '__net_initdata __init_or_module __sched __maybe_unused __always_unused __used __unused __must_check __always_inline ' +
      '__packed __weak __cold __hot __pure __attribute_const__ __ro_after_init __read_mostly __noreturn __noclone ' +
      '__malloc __deprecated __head __latent_entropy __randomize_layout __no_randomize_layout __designated_init ' +
      '__cacheline_aligned __cacheline_aligned_in_smp ____cacheline_aligned ____cacheline_aligned_in_smp ' +
      '____cacheline_internodealigned_in_smp __cacheline_group_begin_aligned __page_aligned_data __page_aligned_bss ' +
      '__visible __noinline __irq_entry __softirq_entry __kprobes __lockfunc __tracing __nosavedata __pmem __uncached ' +
      '__compat_user __no_kcsan __no_kasan_or_inline __no_sanitize_address __no_sanitize_undefined __no_sanitize_memory ' +
      'asmlinkage noinline noinline_for_stack notrace noinstr noinline_if_stackdepot __ro_after_init_and_unused ' +
      '__nonstring __volatile__ __always_inline__ __inline_maybe __bpf_kfunc __bpf_kfunc_start_defs ' +
      // EDK2: MdePkg/Include/Base.h and the compilers' calling conventions
      'EFIAPI GLOBAL_REMOVE_IF_UNREFERENCED EFI_BOOTSERVICE EFI_RUNTIMESERVICE UNALIGNED NORETURN NO_STACK_COOKIE ' +
      'GCC_PACKED FORCEINLINE __cdecl __stdcall __fastcall _cdecl',
  ],
  [PARAMETER_MODIFIER, 'IN OUT OPTIONAL'],
  [
    ANNOTATION_CALL,
    '__attribute__ __attribute __declspec __aligned __printf __scanf __must_hold __must_hold_shared __acquires ' +
      '__acquires_shared __releases __releases_shared __cond_acquires __cond_lock_attr __counted_by __counted_by_le ' +
      '__counted_by_be __section __alias __free __cleanup __guarded_by __alloc_size __realloc_size __assume_aligned ' +
      '__no_sanitize __copy __diagnose_as __pass_object_size __compiletime_error __compiletime_warning __bos __mode ' +
      '__overloadable __gnu_inline __set_size __element_count __aligned_largest alignas _Alignas',
  ],
  [RESPELLED | STORAGE, 'STATIC EXTERN INLINE REGISTER'],
  [RESPELLED | QUALIFIER, 'CONST VOLATILE'],
];

/** Names by number; number 0 is every other identifier. */
const NAMES: readonly string[] = ['', ...TABLE.flatMap(([, words]) => words.split(' '))];

const FLAGS = new Uint16Array(NAMES.length);
{
  let number = 1;
  for (const [flags, words] of TABLE) for (const _ of words.split(' ')) FLAGS[number++] = flags;
}

const BUCKETS = 4096;
const bucketWord = new Uint16Array(BUCKETS);
for (let number = 1; number < NAMES.length; number++) {
  let bucket = hashOf(NAMES[number] ?? '') & (BUCKETS - 1);
  while (bucketWord[bucket] !== 0) bucket = (bucket + 1) & (BUCKETS - 1);
  bucketWord[bucket] = number;
}

/** The hash that the lexer builds while it reads an identifier. */
export function extendHash(hash: number, unit: number): number {
  return (Math.imul(hash, 31) + unit) | 0;
}

function hashOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = extendHash(hash, name.charCodeAt(i));
  return hash;
}

/** The number of the word at `start`, or 0. */
export function wordAt(text: string, start: number, end: number, hash: number): number {
  for (let bucket = hash & (BUCKETS - 1); ; bucket = (bucket + 1) & (BUCKETS - 1)) {
    const number = bucketWord[bucket] ?? 0;
    if (number === 0) return 0;
    const name = NAMES[number] ?? '';
    if (name.length === end - start && text.startsWith(name, start)) return number;
  }
}

/** The number of a word of the table; for module constants only. */
export function wordNumber(name: string): number {
  return NAMES.indexOf(name);
}

export function flagsOf(word: number): number {
  return FLAGS[word] ?? 0;
}

/** Whether the word can name something: a variable, a function, a type. */
export function isName(word: number): boolean {
  return (flagsOf(word) & RESERVED) === 0;
}
