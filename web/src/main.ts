import { mount } from 'svelte';
import './ui/tokens.css';
import './ui/base.css';
import './lib/theme.svelte.ts';
import App from './App.svelte';
import { session } from './features/accounts/session.svelte.ts';
import { network } from './lib/network.svelte.ts';
import { isPublic } from './lib/routes.ts';
import { router } from './lib/router.svelte.ts';

router.start();
network.start();
void session.load();
// Most visits are those of somebody signed in: fetch that part while the session is asked for.
if (!isPublic(router.route)) void import('./SignedIn.svelte');

const target = document.getElementById('app');
if (target) mount(App, { target });
