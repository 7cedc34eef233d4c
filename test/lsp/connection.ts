import { type ChildProcess, spawn } from 'node:child_process';
import {
  createProtocolConnection,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';

export interface ServerProcess {
  readonly process: ChildProcess;
  readonly connection: ProtocolConnection;
}

/** Starts a language server that talks over its standard streams. */
export function startServer(
  command: string,
  args: readonly string[],
  stderr: 'inherit' | 'ignore' = 'inherit',
): ServerProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', stderr] });
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error('no pipes');
  const connection = createProtocolConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
  return { process: child, connection };
}
