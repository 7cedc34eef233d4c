/** Which conventions, and with them which macros, a file is written in. */
export type Dialect = 'linux' | 'edk2';

const EDK2_PATH = /(?:^|\/)\w+Pkg\//;
const EDK2_TEXT =
  /\b(?:EFI_STATUS|EFIAPI|RETURN_STATUS|EFI_HANDLE|EFI_GUID|UINTN|UINT32|BOOLEAN)\b|#\s*include\s*<(?:Uefi|PiDxe|PiPei|PiSmm|Base)\.h>/g;
const LINUX_TEXT =
  /#\s*include\s*<(?:linux|asm|net|drm|sound|scsi|media|rdma|trace|crypto)\/|\b(?:MODULE_LICENSE|EXPORT_SYMBOL(?:_GPL)?|__init|u32|__u32|u8|size_t|gfp_t|dma_addr_t|SPDX-License-Identifier: GPL)\b/g;

/** How much of a text is looked at, in UTF-16 units. */
const SAMPLE = 1 << 16;

/** Tells the dialect by the vocabulary of the text; the path decides when the text says nothing. */
export function detectDialect(path: string, text: string): Dialect {
  const sample = text.slice(0, SAMPLE);
  const edk2 = count(sample, EDK2_TEXT);
  const linux = count(sample, LINUX_TEXT);
  if (edk2 !== linux) return edk2 > linux ? 'edk2' : 'linux';
  return EDK2_PATH.test(path.replaceAll('\\', '/')) ? 'edk2' : 'linux';
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
