export { builtinFiles, builtinModels } from './builtin.ts';
export { createModels, type Models } from './registry.ts';
export type * from './schema.ts';
export { type ModelFileError, type ModelFileResult, parseModelFile } from './user-file.ts';
