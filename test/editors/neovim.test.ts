import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { documented, run, versionOf, workspace } from './editors.ts';

/** What a user would do, and what they would see: written down as JSON. */
const SESSION = `
local function wait(what, test)
  if not vim.wait(30000, test, 20) then error('no ' .. what) end
end
local function find(code)
  for _, one in ipairs(vim.diagnostic.get(0)) do
    if one.code == code then return one end
  end
end
vim.cmd('edit nic.c')
wait('diagnostics', function() return find('unchecked-mapping') end)
local first = find('unchecked-mapping')

-- A hover on the call that is reported.
vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col + 3 })
local hover = vim.lsp.buf_request_sync(0, 'textDocument/hover', vim.lsp.util.make_position_params(), 10000)
local _, answer = next(hover)

-- The check is typed, and the report goes; it is taken back, and the report is there again.
vim.api.nvim_buf_set_lines(0, first.lnum + 1, first.lnum + 1, false, {
  '\\tif (dma_mapping_error(nic->dev, addr))', '\\t\\treturn -ENOMEM;',
})
wait('change', function() return not find('unchecked-mapping') end)
vim.cmd('undo')
wait('undo', function() return find('unchecked-mapping') end)

vim.fn.writefile({ vim.fn.json_encode({
  line = first.lnum, source = first.source, message = first.message, hover = answer.result.contents.value,
}) }, 'seen.json')
vim.cmd('qall!')
`;

const version = versionOf('nvim');
if (version === null) console.log('Neovim: skipped, nvim is not installed');

it.skipIf(version === null)('Neovim shows diagnostics and hovers by the documented configuration', () => {
  const { folder, source, environment } = workspace();
  try {
    writeFileSync(join(folder, 'init.lua'), documented('From 0.7 on', 'lua'));
    writeFileSync(join(folder, 'session.lua'), SESSION);
    const args = [
      '--headless',
      '-u',
      'init.lua',
      '-i',
      'NONE',
      '-n',
      '-c',
      'filetype on',
      '-c',
      'luafile session.lua',
      '-c',
      'cquit',
    ];
    const { status, output } = run('nvim', args, folder, environment);
    expect([status, output.includes('Error')], output).toEqual([0, false]);
    const seen = JSON.parse(readFileSync(join(folder, 'seen.json'), 'utf8'));
    const lines = readFileSync(source, 'utf8').split('\n');
    expect(lines[seen.line]).toMatch(/dma_map_single/);
    expect(seen).toMatchObject({ source: 'dma-audit', message: expect.stringMatching(/dma_mapping_error/) });
    expect(seen.hover).toMatch(/makes memory reachable for the device/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
