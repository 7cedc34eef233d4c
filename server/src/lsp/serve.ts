// biome-ignore lint/style/noRestrictedImports: it alone has the process's streams
import process from 'node:process';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { FramingCheck } from './framing.ts';
import { refuseMalformed } from './parameters.ts';
import { LanguageServer } from './server.ts';
import type { Thread } from './thread.ts';

/** Serves the client that has started this process. */
export function serve(thread: Thread): void {
  // After such a header no message would ever be answered: an editor that sees the server end can start it again.
  const framing = new FramingCheck((why) => {
    process.stderr.write(`dma-audit lsp: what was read is no message (${JSON.stringify(why)})\n`, () =>
      process.exit(1),
    );
  });
  if (process.argv.includes('--stdio')) process.stdin.on('data', (chunk) => framing.push(chunk));
  // The arguments tell how to talk: --stdio, --node-ipc, --socket=port, --pipe=name.
  const connection = createConnection(ProposedFeatures.all, { messageStrategy: refuseMalformed });
  new LanguageServer(connection, thread);
  connection.listen();
}
