import { mount } from 'svelte';
import './ui/tokens.css';
import './ui/base.css';
import './lib/theme.svelte.ts';
import App from './App.svelte';
import { session } from './features/accounts/session.svelte.ts';
import { askForThread } from './features/tutor/early.ts';
import { forgetEarly } from './lib/early.ts';
import { network } from './lib/network.svelte.ts';
import { isPublic } from './lib/routes.ts';
import { router } from './lib/router.svelte.ts';

router.start();
network.start();
// What was asked early is only for who is found to be signed in by this first look.
void session.load().then(() => {
  if (!session.user) forgetEarly();
});
// Most visits are those of somebody signed in: fetch that part, and the conversation, while the session is asked for.
if (!isPublic(router.route)) void import('./SignedIn.svelte');
if (router.route.name === 'chat' && router.route.threadId) askForThread(router.route.threadId);

const target = document.getElementById('app');
if (target) mount(App, { target });
