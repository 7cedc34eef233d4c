export { frame, MessageReader } from './framing.ts';
export { DebugSession, type LaunchArguments, type Launched } from './session.ts';
