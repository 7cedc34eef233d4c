import { startThread } from './thread.ts';

// The two threads load at the same time: the analysis is ready when the client opens its first file.
const thread = startThread();
const { serve } = await import('./serve.ts');
serve(thread);
