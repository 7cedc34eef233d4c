import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { LanguageServer } from './server.ts';

// The arguments tell how to talk: --stdio, --node-ipc, --socket=port, --pipe=name.
const connection = createConnection(ProposedFeatures.all);
new LanguageServer(connection);
connection.listen();
