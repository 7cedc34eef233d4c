/** @file
  An example for dma-audit: the DMA part of a small block device driver, made up.
  Functions named *Wrong hold a fault; the function before each does the same right.

  SPDX-License-Identifier: Apache-2.0
**/

#include <Uefi.h>
#include <Library/BaseMemoryLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/PciIo.h>

typedef struct {
  EFI_PCI_IO_PROTOCOL    *PciIo;
  VOID                   *Ring;
  VOID                   *RingMapping;
  EFI_PHYSICAL_ADDRESS   RingDeviceAddress;
} BLOCK_DEV;

EFI_STATUS
BlockRead (
  IN  BLOCK_DEV  *Dev,
  OUT VOID       *Buffer,
  IN  UINTN      Size
  )
{
  EFI_STATUS            Status;
  EFI_PHYSICAL_ADDRESS  DeviceAddress;
  VOID                  *Mapping;
  UINTN                 Length;

  Length = Size;
  Status = Dev->PciIo->Map (Dev->PciIo, EfiPciIoOperationBusMasterWrite, Buffer, &Length, &DeviceAddress, &Mapping);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (Length != Size) {
    Dev->PciIo->Unmap (Dev->PciIo, Mapping);
    return EFI_DEVICE_ERROR;
  }

  Dev->PciIo->Mem.Write (Dev->PciIo, EfiPciIoWidthUint64, 0, 0x20, 1, &DeviceAddress);
  Status = BlockWait (Dev);
  Dev->PciIo->Unmap (Dev->PciIo, Mapping);
  return Status;
}

/** A failed command leaves the mapping in place. **/
EFI_STATUS
BlockReadWrong (
  IN  BLOCK_DEV  *Dev,
  OUT VOID       *Buffer,
  IN  UINTN      Size
  )
{
  EFI_STATUS            Status;
  EFI_PHYSICAL_ADDRESS  DeviceAddress;
  VOID                  *Mapping;
  UINTN                 Length;

  Length = Size;
  Status = Dev->PciIo->Map (Dev->PciIo, EfiPciIoOperationBusMasterWrite, Buffer, &Length, &DeviceAddress, &Mapping);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (Length != Size) {
    Dev->PciIo->Unmap (Dev->PciIo, Mapping);
    return EFI_DEVICE_ERROR;
  }

  Dev->PciIo->Mem.Write (Dev->PciIo, EfiPciIoWidthUint64, 0, 0x20, 1, &DeviceAddress);
  Status = BlockWait (Dev);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Dev->PciIo->Unmap (Dev->PciIo, Mapping);
  return EFI_SUCCESS;
}

EFI_STATUS
BlockCreateRing (
  IN OUT BLOCK_DEV  *Dev
  )
{
  EFI_STATUS  Status;
  UINTN       Length;

  Status = Dev->PciIo->AllocateBuffer (Dev->PciIo, AllocateAnyPages, EfiBootServicesData, 4, &Dev->Ring, 0);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Length = EFI_PAGES_TO_SIZE (4);
  ZeroMem (Dev->Ring, Length);
  Status = Dev->PciIo->Map (
                         Dev->PciIo,
                         EfiPciIoOperationBusMasterCommonBuffer,
                         Dev->Ring,
                         &Length,
                         &Dev->RingDeviceAddress,
                         &Dev->RingMapping
                         );
  if (EFI_ERROR (Status)) {
    Dev->PciIo->FreeBuffer (Dev->PciIo, 4, Dev->Ring);
    Dev->Ring = NULL;
    return Status;
  }

  return EFI_SUCCESS;
}

/** The device is told the host address of the ring: right only where both are the same. **/
EFI_STATUS
BlockCreateRingWrong (
  IN OUT BLOCK_DEV  *Dev
  )
{
  EFI_STATUS  Status;
  UINT32      Address;

  Status = Dev->PciIo->AllocateBuffer (Dev->PciIo, AllocateAnyPages, EfiBootServicesData, 4, &Dev->Ring, 0);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Address = (UINT32)(UINTN)Dev->Ring;
  return Dev->PciIo->Mem.Write (Dev->PciIo, EfiPciIoWidthUint32, 0, 0x10, 1, &Address);
}

/** Quiet the device, and leave the memory map alone. **/
VOID
EFIAPI
BlockExitBootServices (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  BLOCK_DEV  *Dev = Context;

  BlockReset (Dev);
}

/** FreeBuffer changes the memory map that the OS loader has just read. **/
VOID
EFIAPI
BlockExitBootServicesWrong (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  BLOCK_DEV  *Dev = Context;

  BlockReset (Dev);
  Dev->PciIo->Unmap (Dev->PciIo, Dev->RingMapping);
  Dev->PciIo->FreeBuffer (Dev->PciIo, 4, Dev->Ring);
}

EFI_STATUS
BlockRegister (
  IN  BLOCK_DEV  *Dev,
  OUT EFI_EVENT  *Events
  )
{
  gBS->CreateEvent (EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_CALLBACK, BlockExitBootServices, Dev, &Events[0]);
  return gBS->CreateEvent (EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_CALLBACK, BlockExitBootServicesWrong, Dev, &Events[1]);
}
