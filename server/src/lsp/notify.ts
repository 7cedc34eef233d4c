import { type Connection, MessageType, ShowMessageNotification } from 'vscode-languageserver';

const TYPES = { error: MessageType.Error, warning: MessageType.Warning, information: MessageType.Info } as const;

/** Shows a message that wants no answer: `window.show…Message` of the library asks for one, which some editors wait for. */
export function notify({ sendNotification }: Connection, type: keyof typeof TYPES, message: string): void {
  void sendNotification(ShowMessageNotification.type, { type: TYPES[type], message });
}
