import type { Action, ApiModel } from './schema.ts';

/** By which its two ends know each other; a call that names none is a family of its own. */
export const familyOf = ({ family, name }: Pick<ApiModel, 'family' | 'name'>): string => family ?? name;

/** Families of which a release is right for what a call has made, its own first. */
export const releasableAs = (model: Pick<ApiModel, 'family' | 'name' | 'releasedBy'>): readonly string[] => [
  familyOf(model),
  ...(model.releasedBy ?? []),
];

/** Does a call of this kind end a buffer, a mapping or a channel? */
export const isRelease = (action: Action): boolean =>
  action === 'free' || action === 'unmap' || action === 'channel-release';
