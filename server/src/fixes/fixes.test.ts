import { describe, expect, it } from 'vitest';
import { checkUnit, DEFAULT_CHECK } from '../audit/check.ts';
import { mend } from '../audit/mend.ts';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { RULES } from '../rules/index.ts';
import { DEFAULT_BUDGET } from '../sequence/index.ts';
import { createParser } from '../syntax/index.ts';
import { applyEdits, areDisjoint } from './fix.ts';

const models = createModels(builtinModels);
const parser = await createParser();
const rules = new Set<string>(RULES.filter(({ severity }) => severity !== 'information').map(({ id }) => id));

/** Mends the first fault of a text. */
async function mended(head: string, body: string): Promise<readonly [title: string, body: string]> {
  const unit = new Unit('driver.c', head + body, models, null);
  const project = new Project([unit], models, parser);
  const { diagnostics } = await checkUnit(project, unit, { ...DEFAULT_CHECK, rules });
  const [first] = diagnostics;
  if (!first) throw new Error('there is no fault');
  const fix = mend(project, unit, first, DEFAULT_BUDGET);
  if (!fix) throw new Error(`there is no fix of ${first.rule}`);
  return [fix.title, applyEdits(unit.text, fix.edits).slice(head.length)];
}

const linux = (body: string) => mended('#include <linux/dma-mapping.h>\n\n', body);
const edk2 = (body: string) => mended('#include <Protocol/PciIo.h>\n\n', body);

describe('a map call that is not tested', () => {
  it('goes to the label below the one that unmaps it', async () => {
    const [title, text] = await linux(`static int f(struct dev *d, void *a, void *b)
{
	dma_addr_t x, y;
	int ret;

	x = dma_map_single(d->dev, a, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(d->dev, x))
		return -ENOMEM;
	y = dma_map_single(d->dev, b, 64, DMA_TO_DEVICE);
	ret = start(d, x, y);
	if (ret)
		goto unmap_y;
	return wait(d);

unmap_y:
	dma_unmap_single(d->dev, y, 64, DMA_TO_DEVICE);
unmap_x:
	dma_unmap_single(d->dev, x, 64, DMA_TO_DEVICE);
	return ret;
}
`);
    expect(title).toBe('Test the mapping with dma_mapping_error () and go to unmap_x');
    expect(text).toContain(`	y = dma_map_single(d->dev, b, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(d->dev, y)) {
		ret = -ENOMEM;
		goto unmap_x;
	}
	ret = start(d, x, y);
`);
  });

  it('releases what is held where there is no ladder', async () => {
    const [, text] = await linux(`static int f(struct dev *d, void *a, void *b)
{
	dma_addr_t x, y;

	x = dma_map_single(d->dev, a, 64, DMA_TO_DEVICE);
	if (dma_mapping_error(d->dev, x))
		return -ENOMEM;
	y = dma_map_single(d->dev, b, 64, DMA_TO_DEVICE);
	start(d, x, y);
	dma_unmap_single(d->dev, y, 64, DMA_TO_DEVICE);
	dma_unmap_single(d->dev, x, 64, DMA_TO_DEVICE);
	return 0;
}
`);
    expect(text).toContain(`	if (dma_mapping_error(d->dev, y)) {
		dma_unmap_single(d->dev, x, 64, DMA_TO_DEVICE);
		return -ENOMEM;
	}
`);
  });

  it('gets a variable of its own where its address went into another call, and waits for the test', async () => {
    const [title, text] = await linux(`static netdev_tx_t f(struct sk_buff *skb, struct net_device *ndev)
{
	struct dev *d = netdev_priv(ndev);

	post(d, dma_map_single(d->dev, skb->data, skb->len, DMA_TO_DEVICE));
	return NETDEV_TX_OK;
}
`);
    expect(title).toBe('Test the mapping with dma_mapping_error () and drop the packet');
    expect(text).toContain(`	struct dev *d = netdev_priv(ndev);
	dma_addr_t addr;

	addr = dma_map_single(d->dev, skb->data, skb->len, DMA_TO_DEVICE);
	if (dma_mapping_error(d->dev, addr)) {
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	post(d, addr);
`);
  });

  it('unlocks as the step before it did', async () => {
    const [, text] = await linux(`static int f(struct dev *d, void *a)
{
	spin_lock(&d->lock);
	if (d->is_gone) {
		spin_unlock(&d->lock);
		return -ENODEV;
	}
	d->addr = dma_map_single(d->dev, a, 64, DMA_TO_DEVICE);
	writel(d->addr, d->regs);
	spin_unlock(&d->lock);
	return 0;
}
`);
    expect(text).toContain(`	if (dma_mapping_error(d->dev, d->addr)) {
		spin_unlock(&d->lock);
		return -ENODEV;
	}
`);
  });

  it('gets a status in EDK2, with its name below the others', async () => {
    const [, text] = await edk2(`EFI_STATUS
F (
  IN DEV   *Dev,
  IN VOID  *Data,
  IN UINTN Size
  )
{
  EFI_PHYSICAL_ADDRESS  Address;
  VOID                  *Mapping;

  Dev->PciIo->Map (Dev->PciIo, EfiPciIoOperationBusMasterRead, Data, &Size, &Address, &Mapping);
  Start (Dev, Address);
  Dev->PciIo->Unmap (Dev->PciIo, Mapping);
  return EFI_SUCCESS;
}
`);
    expect(text).toContain(`  VOID                  *Mapping;
  EFI_STATUS            Status;

  Status = Dev->PciIo->Map (Dev->PciIo, EfiPciIoOperationBusMasterRead, Data, &Size, &Address, &Mapping);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Start (Dev, Address);
`);
  });
});

describe('an arm that leaves a mapping', () => {
  const body = (arm: string) => `EFI_STATUS
F (
  IN DEV   *Dev,
  IN VOID  *Data,
  IN UINTN Size
  )
{
  EFI_STATUS            Status;
  EFI_PHYSICAL_ADDRESS  Address;
  VOID                  *Mapping;
  UINTN                 Length;

  Length = Size;
  Status = Dev->PciIo->Map (Dev->PciIo, EfiPciIoOperationBusMasterRead, Data, &Length, &Address, &Mapping);
${arm}
  Status = Start (Dev, Address);
  Dev->PciIo->Unmap (Dev->PciIo, Mapping);
  return Status;
}
`;

  it('unmaps, but not where the call failed', async () => {
    const [title, text] = await edk2(
      body(`  if (EFI_ERROR (Status) || (Length != Size)) {
    Status = EFI_OUT_OF_RESOURCES;
    return Status;
  }
`),
    );
    expect(title).toBe('Unmap on this path');
    expect(text).toContain(`  if (EFI_ERROR (Status) || (Length != Size)) {
    if (!EFI_ERROR (Status)) {
      Dev->PciIo->Unmap (Dev->PciIo, Mapping);
    }

    Status = EFI_OUT_OF_RESOURCES;
    return Status;
  }
`);
  });

  it('goes to the label that unmaps, where there is one', async () => {
    const [title, text] = await linux(`static int f(struct dev *d, void *a)
{
	dma_addr_t x = dma_map_single(d->dev, a, 64, DMA_TO_DEVICE);
	int ret;

	if (dma_mapping_error(d->dev, x))
		return -ENOMEM;
	ret = start(d, x);
	if (ret)
		goto unmap;
	ret = wait(d);
	if (ret)
		return ret;
unmap:
	dma_unmap_single(d->dev, x, 64, DMA_TO_DEVICE);
	return ret;
}
`);
    expect(title).toBe('Unmap on this path by going to unmap');
    expect(text).toContain('	ret = wait(d);\n	if (ret)\n		goto unmap;\nunmap:\n');
  });

  it('calls first what the return calls', async () => {
    const [, text] = await edk2(
      body(`  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (Dev->IsShort) {
    return StartShort (Dev, Address);
  }
`),
    );
    expect(text).toContain(`  if (Dev->IsShort) {
    Status = StartShort (Dev, Address);
    Dev->PciIo->Unmap (Dev->PciIo, Mapping);
    return Status;
  }
`);
  });

  it('breaks a call that is too long for a line, indented as the file is', async () => {
    const [, text] = await linux(`static int f(struct device_with_a_long_name *device, void *data, size_t a_long_size)
{
    device->transfer.address = dma_map_single(device->transfer.device, data, a_long_size, DMA_TO_DEVICE);
    if (dma_mapping_error(device->transfer.device, device->transfer.address))
        return -ENOMEM;
    if (start(device))
        return -EIO;
    if (wait(device)) {
        dma_unmap_single(device->transfer.device, device->transfer.address, a_long_size, DMA_TO_DEVICE);
        return -EIO;
    }
    return 0;
}
`);
    expect(text).toContain(`    if (start(device)) {
        dma_unmap_single(device->transfer.device, device->transfer.address, a_long_size,
                         DMA_TO_DEVICE);
        return -EIO;
    }
`);
  });
});

describe('a release too many', () => {
  it('goes, and with it the side of an if that it was', async () => {
    const [, text] = await linux(`static int f(struct dev *d)
{
	dma_addr_t dma;
	void *table = dma_alloc_coherent(d->dev, 64, &dma, GFP_KERNEL);
	int ret;

	if (!table)
		return -ENOMEM;
	ret = check(d);
	if (ret)
		dma_free_coherent(d->dev, 64, table, dma);
	else
		writel(dma, d->regs);
	dma_free_coherent(d->dev, 64, table, dma);
	return ret;
}
`);
    expect(text).toContain('	if (!ret)\n		writel(dma, d->regs);\n	dma_free_coherent');
  });

  it('is done where the mapping was made', async () => {
    const [, text] = await linux(`static int f(struct dev *d, struct sg_table *sgt)
{
	int ret = dma_map_sgtable(d->dev, sgt, DMA_TO_DEVICE, 0);

	if (!ret)
		ret = start(d, sgt);
	dma_unmap_sgtable(d->dev, sgt, DMA_TO_DEVICE, 0);
	return ret;
}
`);
    expect(text).toContain(`	if (!ret) {
		ret = start(d, sgt);
		dma_unmap_sgtable(d->dev, sgt, DMA_TO_DEVICE, 0);
	}
	return ret;
`);
  });
});

it('mends what a helper is given where the helper is called', async () => {
  const [, text] = await linux(`static void undo(struct dev *d, struct scatterlist *sg, int nents)
{
	dma_unmap_sg(d->dev, sg, nents, DMA_TO_DEVICE);
}

static int f(struct dev *d, struct scatterlist *sg, int nents)
{
	int count = dma_map_sg(d->dev, sg, nents, DMA_TO_DEVICE);

	if (!count)
		return -EIO;
	start(d, sg, count);
	undo(d, sg, count);
	return 0;
}
`);
  expect(text).toContain('	undo(d, sg, nents);\n');
});

describe('edits', () => {
  it('are made in the order in which they are given, where they insert at one place', () => {
    const edits = [
      { start: 1, end: 1, text: 'b' },
      { start: 1, end: 1, text: 'c' },
      { start: 1, end: 2, text: 'd' },
    ];
    expect(applyEdits('axe', edits)).toBe('abcde');
  });

  it('may touch each other, but not overlap', () => {
    expect(
      areDisjoint([
        { start: 0, end: 2, text: '' },
        { start: 2, end: 3, text: '' },
      ]),
    ).toBe(true);
    expect(
      areDisjoint([
        { start: 0, end: 2, text: '' },
        { start: 1, end: 3, text: '' },
      ]),
    ).toBe(false);
  });
});
