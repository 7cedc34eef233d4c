/** docs/settings.md, made from the settings that the manifest contributes. */
import { settings } from './manifest.ts';

const HEAD = `# Settings of the editor

Made from the manifest by \`npx vitest run test/extension -u\`. Other editors send the same, without the prefix, as the section
\`dmaAudit\`. A \`dma-audit.json\` in the folder goes before them; its schema is [schema/config.json](schema/config.json).

| setting | values | default | |
| --- | --- | --- | --- |
`;

export const settingsDocument = (): string =>
  `${HEAD}${Object.entries(settings())
    .map(
      ([name, about]) =>
        `| \`${name}\` | ${valuesOf(about)} | \`${JSON.stringify(about.default)}\` | ${wordsOf(about)} |`,
    )
    .join('\n')}\n`;

type About = ReturnType<typeof settings>[string];

function valuesOf({ type, enum: choices, minimum, maximum, items, properties }: About): string {
  if (items) return 'list of [platforms](platforms.md)';
  if (properties)
    return `object: a [rule](rules.md) to one of \`on\`, \`off\`, \`error\`, \`warning\`, \`information\``;
  if (choices?.includes(null)) return 'a [platform](platforms.md), or null';
  if (choices) return choices.map((one) => `\`${one}\``).join(', ');
  return minimum === undefined ? `${type}` : `${type}, ${minimum} to ${maximum}`;
}

/** Links to commands lead nowhere outside of the editor. */
const wordsOf = ({ description, markdownDescription }: About): string =>
  (description ?? markdownDescription ?? '').replace(/ \[[^\]]*\]\(command:[^)]*\)/g, '');
