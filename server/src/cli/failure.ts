/** What the process tells by its exit status. */
export const EXIT = { clean: 0, findings: 1, fatal: 2, configuration: 3, usage: 4 } as const;

/** Why a command cannot do what it was asked for: said in one line, without a stack. */
export class Failure extends Error {
  readonly exit: 2 | 3 | 4;

  constructor(exit: Failure['exit'], message: string) {
    super(message);
    this.exit = exit;
  }
}

/** The reason of a failed system call in words, without its path. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return SYSTEM_ERRORS[code] ?? (error instanceof Error ? error.message : String(error));
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'name too long',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
};
