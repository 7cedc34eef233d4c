import { platformsFor } from '@dma-audit/simulator';
import { describe, expect, it } from 'vitest';
import { execute } from '../audit/findings.ts';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { DEFAULT_BUDGET, sequences } from './index.ts';

const models = createModels(builtinModels);
const parser = await createParser();
const platforms = platformsFor('edk2', null);

interface Driver {
  /** What Start does after the ring is mapped. */
  readonly more?: string;
  readonly install?: string;
  readonly stop: string;
  readonly handler?: string;
}

const UNMAP = 'Dev->PciIo->Unmap (Dev->PciIo, Dev->Map);';
const FREE = 'Dev->PciIo->FreeBuffer (Dev->PciIo, 2, Dev->Ring);';

const INSTALL = 'gBS->InstallProtocolInterface (&Handle, &gPrinterGuid, EFI_NATIVE_INTERFACE, &Dev->Printer)' as const;

const HANDLED = 'gBS->CreateEvent (EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_CALLBACK, PrinterExit, Dev, &Dev->Exit);';

const driver = ({ more = '', install = INSTALL, stop, handler = '' }: Driver): string => `
#define DEV_FROM_PRINTER(a)  CR (a, DEV, Printer, DEV_SIGNATURE)

${handler}
EFI_STATUS EFIAPI Start (EFI_DRIVER_BINDING_PROTOCOL *This, EFI_HANDLE Handle, EFI_DEVICE_PATH_PROTOCOL *Path)
{
  EFI_STATUS Status;
  DEV        *Dev;
  UINTN      Bytes;

  Dev = AllocateZeroPool (sizeof (DEV));
  if (Dev == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }
  Status = gBS->OpenProtocol (Handle, &gPciIoGuid, (VOID **)&Dev->PciIo, NULL, Handle, 0);
  if (EFI_ERROR (Status)) {
    goto FreeDev;
  }
  Status = Dev->PciIo->AllocateBuffer (Dev->PciIo, AllocateAnyPages, EfiBootServicesData, 2, &Dev->Ring, 0);
  if (EFI_ERROR (Status)) {
    goto FreeDev;
  }
  ZeroMem (Dev->Ring, 8192);
  Bytes  = 8192;
  Status = Dev->PciIo->Map (Dev->PciIo, EfiPciIoOperationBusMasterCommonBuffer, Dev->Ring, &Bytes, &Dev->Addr, &Dev->Map);
  if (EFI_ERROR (Status)) {
    goto FreeRing;
  }
  ${more}
  Status = ${install};
  if (EFI_ERROR (Status)) {
    goto Unmap;
  }
  return EFI_SUCCESS;
Unmap:
  ${UNMAP}
FreeRing:
  ${FREE}
FreeDev:
  FreePool (Dev);
  return Status;
}

EFI_STATUS EFIAPI Stop (EFI_DRIVER_BINDING_PROTOCOL *This, EFI_HANDLE Handle, UINTN Count, EFI_HANDLE *Children)
{
  EFI_STATUS Status;
  PRINTER    *Printer;
  DEV        *Dev;

  Status = gBS->OpenProtocol (Handle, &gPrinterGuid, (VOID **)&Printer, NULL, Handle, 0);
  if (EFI_ERROR (Status)) {
    return EFI_UNSUPPORTED;
  }
  Dev = DEV_FROM_PRINTER (Printer);
  ${stop}
  FreePool (Dev);
  return EFI_SUCCESS;
}

EFI_DRIVER_BINDING_PROTOCOL gBinding = { Supported, Start, Stop, 0x10, NULL, NULL };
`;

/** What goes wrong after Start: the kind of fault, and the line where it shows. */
function faults(text: string): readonly string[] {
  const unit = new Unit('file.c', text, models, 'edk2');
  const project = new Project([unit], models, parser);
  const source = project.function('Start', 'file.c');
  if (!source) throw new Error('no function Start');
  const found = execute(sequences(project, source, DEFAULT_BUDGET), platforms).map(({ violation, place }) => {
    const line = text.slice(text.lastIndexOf('\n', place.start) + 1, text.indexOf('\n', place.start)).trim();
    return `${violation.kind}: ${line}`;
  });
  return [...new Set(found)];
}

const RESET = `
STATIC VOID PrinterReset (DEV *Dev)
{
  Dev->PciIo->Mem.Write (Dev->PciIo, EfiPciIoWidthUint32, 0, 0, 1, &mReset);
}`;
const handler = (body: string): string => `${RESET}
VOID EFIAPI PrinterExit (EFI_EVENT Event, VOID *Context)
{
  DEV *Dev;

  Dev = Context;
  ${body}
}`;

describe('a driver that is started and stopped', () => {
  const quiet = { more: HANDLED, handler: handler('PrinterReset (Dev);') };

  it('leaves nothing where Stop finds all by the protocol that Start has installed', () => {
    expect(faults(driver({ ...quiet, stop: `${UNMAP} ${FREE}` }))).toEqual([]);
    const install = `gBS->InstallMultipleProtocolInterfaces (&Handle, &gOtherGuid, &Dev->Other, &gPrinterGuid, &Dev->Printer, NULL)`;
    expect(faults(driver({ ...quiet, install, stop: `${UNMAP} ${FREE}` }))).toEqual([]);
  });

  it('has left what Stop looks at but does not release', () => {
    expect(faults(driver({ ...quiet, stop: `Dev->Map = NULL; ${FREE}` }))).toEqual([
      `free-while-mapped: Dev->Map = NULL; ${FREE}`,
    ]);
    expect(faults(driver({ ...quiet, stop: `${UNMAP} Dev->Ring = NULL;` }))).toEqual([
      'lifecycle-leak: return EFI_SUCCESS;',
    ]);
  });

  it('frees by the protocol by which it was allocated', () => {
    const wrong = 'FreePool (Dev->Ring);';
    expect(faults(driver({ ...quiet, stop: `${UNMAP}\n  ${wrong}` }))).toEqual([`api-mismatch: ${wrong}`]);
  });

  it('is told nothing of another protocol', () => {
    const install = INSTALL.replace('gPrinterGuid', 'gOtherGuid');
    expect(faults(driver({ ...quiet, install, stop: `${UNMAP}\n  FreePool (Dev->Ring);` }))).toEqual([]);
  });
});

describe('a driver that is started and still runs when the system boots', () => {
  const stop = `${UNMAP} ${FREE}`;
  const booted = (body: string): readonly string[] => faults(driver({ more: HANDLED, handler: handler(body), stop }));

  it('has a handler that stops the device, itself or by what it calls', () => {
    expect(booted('Dev->PciIo->Mem.Write (Dev->PciIo, EfiPciIoWidthUint32, 0, 0, 1, &mReset);')).toEqual([]);
    expect(booted('PrinterReset (Dev);')).toEqual([]);
    expect(booted('ResetController (Dev);')).toEqual([]);
  });

  it('leaves the device at work where the handler does something else', () => {
    expect(booted('Dev->Booting = TRUE;')).toEqual(['exit-boot-services-leak: }']);
  });

  it('leaves it at work where there is no handler', () => {
    expect(faults(driver({ stop }))).toEqual(['exit-boot-services-leak: return EFI_SUCCESS;']);
  });
});
