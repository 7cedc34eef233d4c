import { expect, test } from 'vitest';
import { detectDialect } from './dialect.ts';

test.each([
  ['driver.c', '#include <Uefi.h>\nEFI_STATUS\nEFIAPI\nStart (IN EFI_HANDLE Handle)\n{\n}\n', 'edk2'],
  ['driver.c', '#include <linux/dma-mapping.h>\nMODULE_LICENSE("GPL");\n', 'linux'],
  ['C:\\w\\OvmfPkg\\IoMmuDxe\\Empty.c', '', 'edk2'],
  ['drivers/net/empty.c', '', 'linux'],
  // A word of the other side does not decide.
  ['efi.c', '#include <linux/efi.h>\n#include <linux/module.h>\nstatic u32 f(void);\n/* EFI_STATUS */\n', 'linux'],
])('%s is told by its words, then by its path', (path, text, dialect) => {
  expect(detectDialect(path, text)).toBe(dialect);
});
