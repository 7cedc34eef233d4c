import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Dialect, maskSource, sliceTopLevel } from '../source/index.ts';
import { createParser, type Parser, type SyntaxNode } from './index.ts';

let parser: Parser;
beforeAll(async () => {
  parser = await createParser();
});

function parse(text: string, dialect: Dialect): { readonly source: string; readonly root: SyntaxNode } {
  const masked = maskSource(text, dialect);
  const [fn] = sliceTopLevel(text, masked).filter((item) => item.kind === 'function');
  if (fn === undefined) throw new Error(`no function in ${text}`);
  return { source: text, root: parser.parse(masked.slice(fn.start, fn.end), fn.start) };
}

function find(root: SyntaxNode, kind: string): SyntaxNode[] {
  return [...(root.kind === kind ? [root] : []), ...root.children.flatMap((child) => find(child, kind))];
}

const LINUX = [
  `static int __must_check ring_fill(struct ring *r, gfp_t gfp)
	__must_hold(&r->lock)
{
	struct buf *b, *tmp;
	void __iomem *regs = r->regs;
	u8 key[16] __aligned(8) = { [0 ... 7] = 1, [8] = 2 };

	lockdep_assert_held(&r->lock);
	list_for_each_entry_safe(b, tmp, &r->free, node) {
		b->dma = dma_map_single(r->dev, b->data, min_t(size_t, b->len, SZ_4K), DMA_FROM_DEVICE);
		if (unlikely(dma_mapping_error(r->dev, b->dma)))
			goto unwind;
#ifdef CONFIG_RING_STATS
		r->stats.mapped++;
#endif
	}
	return 0;
unwind:
#ifdef CONFIG_RING_DEBUG
	dump(r);
#endif
}`,
  `static irqreturn_t ring_irq(int irq, void *data)
{
	struct ring *r = container_of(data, struct ring, irq);
	typeof(r->head) head = READ_ONCE(r->head);
	u32 status;

	guard(spinlock)(&r->lock);
	scoped_guard(mutex, &r->mutex)
		r->n++;
	status = ({ u32 v; v = readl(r->regs + STATUS); v & MASK; });
	switch (status) {
	case 0 ... 3:
		asm volatile("wfe" ::: "memory");
		fallthrough;
	case FIELD_PREP(GENMASK(3, 0), 1):
		dev_err(r->dev, "bad status %#" PRIx32 " at " __stringify(LINE) "\\n", status);
		break;
	default:
		break;
	}
	for_each_set_bit(irq, r->bits, 8)
		if (irq & 1)
			handle(r, irq);
	return wait_event_timeout(r->wq, ({ bool ok; ok = done(r); ok; }), HZ) ? IRQ_HANDLED : IRQ_NONE;
}`,
  `static ssize_t x_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct s *s __free(kfree) = kzalloc(sizeof(*s), GFP_KERNEL);
	static DEFINE_RATELIMIT_STATE(rs, HZ, 10);
	const struct op *op = &(struct op){ .len = offsetof(struct s, a.b[1]) };
	int (*fn)(struct s *, int) = (void *)op->fn;
	irqreturn_t (*handler)(int, void *);

	if (!s)
		return -ENOMEM;
#if 0
	don't
#else
	fn(s, (__force u32)cpu_to_le32(op->len));
#endif
	return sysfs_emit(buf, "%u\\n", va_arg(args, unsigned int));
}`,
];

const EDK2 = [
  `STATIC
EFI_STATUS
EFIAPI
RingMap (
  IN     RING_PROTOCOL  *This,
  IN OUT UINTN          *NumberOfBytes OPTIONAL,
  OUT    VOID           **Mapping
  )
{
  CONST CHAR8  *Name = "ring";
  EFI_STATUS   Status;

  DEBUG_CODE_BEGIN ();
  DEBUG ((DEBUG_INFO, "%a: %r\\n", __FUNCTION__, EFI_SUCCESS));
  DEBUG_CODE_END ();
  DEBUG_CODE (
    Status = Check (This);
    ASSERT_EFI_ERROR (Status);
    );
  BASE_LIST_FOR_EACH (Entry, &This->Ring) {
    Node = CR (Entry, RING_NODE, Link, RING_SIGNATURE);
  }
  Status = PciIo->Map (PciIo, EfiPciIoOperationBusMasterRead, This->Buffer, NumberOfBytes, &Address, Mapping);
  if (EFI_ERROR (Status)) {
    goto OUT;
  }
  Value = VA_ARG (Marker, CHAR16 *);
OUT:
  return Status;
}`,
];

describe('masked functions parse without an error', () => {
  test.each(LINUX)('linux: %s', (text) => {
    expect(parse(text, 'linux').root.hasError).toBe(false);
  });
  test.each(EDK2)('edk2: %s', (text) => {
    expect(parse(text, 'edk2').root.hasError).toBe(false);
  });
});

test('a loop macro is a while whose source tells its name', () => {
  const [ring = ''] = LINUX;
  const { source, root } = parse(ring, 'linux');
  const [loop] = find(root, 'while_statement');
  expect(source.slice(loop?.start, (loop?.start ?? 0) + 24)).toBe('list_for_each_entry_safe');
  expect(loop?.children.find((child) => child.field === 'body')?.kind).toBe('compound_statement');
});

test('any text gives functions and trees', () => {
  const part = fc.constantFrom(
    ...'if ( ) { } ; , x y = * & for each while do else return "a" struct int #if #else #endif \n __a'.split(' '),
    '\n}\nint f(int a)\n{\n',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), fc.constantFrom<Dialect>('linux', 'edk2'), (parts, dialect) => {
      const text = `int f(void)\n{\n${parts.join(' ')}\n}\n`;
      const { root } = parse(text, dialect);
      expect(root.end).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 300 },
  );
});
