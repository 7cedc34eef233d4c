// SPDX-License-Identifier: Apache-2.0
/*
 * An example for dma-audit: the DMA part of a small network driver, made up.
 * Functions named *_wrong hold a fault; the function before each does the same right.
 */
#include <linux/dma-mapping.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#define RX_BYTES 2048

struct nic_slot {
	struct sk_buff *skb;
	dma_addr_t addr;
	unsigned int len;
};

struct nic {
	struct device *dev;
	void __iomem *regs;
	struct nic_slot tx[64];
	unsigned int head;
};

static int nic_send(struct nic *nic, struct sk_buff *skb)
{
	struct nic_slot *slot = &nic->tx[nic->head % 64];
	dma_addr_t addr = dma_map_single(nic->dev, skb->data, skb->len, DMA_TO_DEVICE);

	if (dma_mapping_error(nic->dev, addr))
		return -ENOMEM;
	slot->skb = skb;
	slot->addr = addr;
	slot->len = skb->len;
	writel(lower_32_bits(addr), nic->regs + 0x10);
	nic->head++;
	return 0;
}

/* The device is given the address of a mapping that may have failed. */
static int nic_send_wrong(struct nic *nic, struct sk_buff *skb)
{
	struct nic_slot *slot = &nic->tx[nic->head % 64];
	dma_addr_t addr = dma_map_single(nic->dev, skb->data, skb->len, DMA_TO_DEVICE);

	slot->skb = skb;
	slot->addr = addr;
	slot->len = skb->len;
	writel(lower_32_bits(addr), nic->regs + 0x10);
	nic->head++;
	return 0;
}

static int nic_load_firmware(struct nic *nic, const void *image, size_t size)
{
	dma_addr_t addr;
	void *copy;
	int ret;

	copy = kmemdup(image, size, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	addr = dma_map_single(nic->dev, copy, size, DMA_TO_DEVICE);
	if (dma_mapping_error(nic->dev, addr)) {
		ret = -EIO;
		goto free_copy;
	}
	writel(lower_32_bits(addr), nic->regs + 0x20);
	ret = nic_wait_ready(nic);
	dma_unmap_single(nic->dev, addr, size, DMA_TO_DEVICE);
free_copy:
	kfree(copy);
	return ret;
}

/* When the device does not answer, the copy is freed while the device can still read it. */
static int nic_load_firmware_wrong(struct nic *nic, const void *image, size_t size)
{
	dma_addr_t addr;
	void *copy;
	int ret;

	copy = kmemdup(image, size, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	addr = dma_map_single(nic->dev, copy, size, DMA_TO_DEVICE);
	if (dma_mapping_error(nic->dev, addr)) {
		ret = -EIO;
		goto free_copy;
	}
	writel(lower_32_bits(addr), nic->regs + 0x20);
	ret = nic_wait_ready(nic);
	if (ret)
		goto free_copy;
	dma_unmap_single(nic->dev, addr, size, DMA_TO_DEVICE);
free_copy:
	kfree(copy);
	return ret;
}

static int nic_receive(struct nic *nic, void *buf)
{
	dma_addr_t addr;
	int ret;

	addr = dma_map_single(nic->dev, buf, RX_BYTES, DMA_FROM_DEVICE);
	if (dma_mapping_error(nic->dev, addr))
		return -ENOMEM;
	writel(lower_32_bits(addr), nic->regs + 0x40);
	ret = nic_wait_ready(nic);
	dma_unmap_single(nic->dev, addr, RX_BYTES, DMA_FROM_DEVICE);
	return ret;
}

/* Unmapped with the wrong direction: what the device wrote stays in the bounce buffer. */
static int nic_receive_wrong(struct nic *nic, void *buf)
{
	dma_addr_t addr;
	int ret;

	addr = dma_map_single(nic->dev, buf, RX_BYTES, DMA_FROM_DEVICE);
	if (dma_mapping_error(nic->dev, addr))
		return -ENOMEM;
	writel(lower_32_bits(addr), nic->regs + 0x40);
	ret = nic_wait_ready(nic);
	dma_unmap_single(nic->dev, addr, RX_BYTES, DMA_TO_DEVICE);
	return ret;
}
