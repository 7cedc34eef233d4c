import {
  type Connection,
  ErrorCodes,
  Message,
  type MessageStrategy,
  type RequestMessage,
  ResponseError,
} from 'vscode-languageserver';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
const isPosition = (value: unknown): boolean => isObject(value) && isCount(value.line) && isCount(value.character);

const FIELDS = {
  command: isText,
  context: (value: unknown): boolean => isObject(value) && Array.isArray(value.diagnostics),
  position: isPosition,
  previousResultIds: (value: unknown): boolean => Array.isArray(value),
  range: (value: unknown): boolean => isObject(value) && isPosition(value.start) && isPosition(value.end),
  rule: isText,
  textDocument: (value: unknown): boolean => isObject(value) && isText(value.uri),
  uri: isText,
} as const;

/** What the handler of a request takes for granted. */
const NEEDED: Readonly<Record<string, readonly (keyof typeof FIELDS)[]>> = {
  initialize: [],
  'codeLens/resolve': [],
  'textDocument/hover': ['textDocument', 'position'],
  'textDocument/documentHighlight': ['textDocument', 'position'],
  'textDocument/completion': ['textDocument', 'position'],
  'textDocument/inlayHint': ['textDocument', 'range'],
  'textDocument/codeAction': ['textDocument', 'range', 'context'],
  'textDocument/codeLens': ['textDocument'],
  'textDocument/diagnostic': ['textDocument'],
  'workspace/diagnostic': ['previousResultIds'],
  'workspace/executeCommand': ['command'],
  'dmaAudit/simulate': ['uri'],
  'dmaAudit/cost': ['uri'],
  'dmaAudit/explainRule': ['rule'],
  'dmaAudit/auditWorkspace': [],
};

/** Where requests go whose parameters no handler could read. */
const REFUSED = 'dmaAudit/refused';

/** Sends malformed requests aside, before a handler gets them. */
export const refuseMalformed: MessageStrategy = {
  handleMessage(message, next) {
    const fault = Message.isRequest(message) ? faultOf(message.method, message.params) : null;
    if (!Message.isRequest(message) || fault === null) return next(message);
    const refused: RequestMessage = { ...message, method: REFUSED, params: { fault } };
    return next(refused);
  },
};

export function answerRefused(connection: Connection): void {
  connection.onRequest(
    REFUSED,
    ({ fault }: { readonly fault: string }) => new ResponseError(ErrorCodes.InvalidParams, fault),
  );
}

function faultOf(method: string, params: unknown): string | null {
  const needed = Object.hasOwn(NEEDED, method) ? NEEDED[method] : undefined;
  if (needed === undefined) return null;
  if (!isObject(params)) return `${method}: the parameters must be an object`;
  const field = needed.find((one) => !FIELDS[one](params[one]));
  return field === undefined ? null : `${method}: '${field}' is missing or malformed`;
}
