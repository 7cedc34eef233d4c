/** The reason of a failed system call in words, without its path. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!(error instanceof Error)) return String(error);
  // "EFBIG: file too large, write"
  return SYSTEM_ERRORS[code] ?? /^E[A-Z0-9]+: (.+?), [a-z]+(?: '.*)?$/s.exec(error.message)?.[1] ?? error.message;
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
