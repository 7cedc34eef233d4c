/** Makes elements. Text is always text: nothing that comes from a source file is ever read as HTML. */

type Attributes = Readonly<Record<string, string | number | boolean>>;
type Child = Node | string;

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) target.setAttribute(name, '');
    else if (value !== false) target.setAttribute(name, `${value}`);
  }
}

/** 262,144. */
export const grouped = (value: number): string => value.toString().replace(/\B(?=(\d{3})+$)/g, ',');
