/** The part of the catalogue (messages.ts) about signing in with GitHub: English, Filipino. */
export const github = {
  'github.or': ['or', 'o'],
  'github.continue': ['Continue with GitHub', 'Magpatuloy gamit ang GitHub'],

  'github.claimTitle': ['One more proof', 'Isa pang patunay'],
  'github.claimLead': [
    'The address {email} of your GitHub account {login} has an account here already. Enter the code that we sent there, and the two belong together.',
    'May account na rito ang address na {email} ng GitHub account mong {login}. Ilagay ang code na ipinadala namin doon, at magkakaugnay na ang dalawa.',
  ],
  'github.claimGone': [
    'No GitHub account waits in this browser any more. Please begin again.',
    'Wala nang naghihintay na GitHub account sa browser na ito. Pakisimulan muli.',
  ],
  'github.sendAgain': ['Send another code', 'Magpadala ng isa pang code'],
  'github.sentAgain': ['Another code is on its way', 'Papunta na ang isa pang code'],
  'github.begin': ['Back to sign-in', 'Balik sa pag-sign in'],

  'github.title': ['GitHub', 'GitHub'],
  'github.settingsLead': [
    'With a linked GitHub account you sign in without a code. Your e-mail goes on working.',
    'Kapag may nakaugnay na GitHub account, makakapag-sign in ka nang walang code. Gagana pa rin ang e-mail mo.',
  ],
  'github.linkedAs': ['Linked with {login}', 'Nakaugnay sa {login}'],
  'github.lastUsed': ['Last used {time}', 'Huling ginamit {time}'],
  'github.link': ['Link GitHub', 'Iugnay ang GitHub'],
  'github.unlink': ['Unlink', 'Alisin ang ugnay'],
  'github.linked': ['Your GitHub account is linked.', 'Nakaugnay na ang iyong GitHub account.'],
  'github.unlinked': ['GitHub is no longer linked', 'Hindi na nakaugnay ang GitHub'],

  'github.problem.off': [
    'Signing in with GitHub is not set up on this server. Use your e-mail.',
    'Hindi naka-set up ang GitHub sa server na ito. Gamitin ang iyong e-mail.',
  ],
  'github.problem.state': [
    'This way to GitHub was begun in another browser, was used already, or took more than ten minutes. Please begin again here.',
    'Sinimulan ang pagpunta sa GitHub sa ibang browser, nagamit na, o lumampas sa sampung minuto. Pakisimulan muli rito.',
  ],
  'github.problem.denied': [
    'You did not allow BrainBytes at GitHub, so nothing has changed. Try again and choose “Authorize”, or use your e-mail.',
    'Hindi mo pinayagan ang BrainBytes sa GitHub, kaya walang nagbago. Subukan muli at piliin ang “Authorize”, o gamitin ang iyong e-mail.',
  ],
  'github.problem.refused': [
    'GitHub refused this server. Use your e-mail, and tell whoever runs this server.',
    'Tinanggihan ng GitHub ang server na ito. Gamitin ang iyong e-mail, at sabihan ang nagpapatakbo nito.',
  ],
  'github.problem.code': [
    'GitHub did not accept its answer a second time, or it came too late. Please begin again.',
    'Hindi na tinanggap ng GitHub ang sagot nito, o huli na itong dumating. Pakisimulan muli.',
  ],
  'github.problem.setup': [
    'GitHub sign-in is set up wrongly on this server. Use your e-mail, and tell whoever runs this server.',
    'Mali ang pagka-set up ng GitHub sa server na ito. Gamitin ang iyong e-mail, at sabihan ang nagpapatakbo nito.',
  ],
  'github.problem.unreachable': [
    'GitHub cannot be reached right now. Try again in a few minutes, or use your e-mail.',
    'Hindi maabot ang GitHub ngayon. Subukan muli pagkaraan ng ilang minuto, o gamitin ang iyong e-mail.',
  ],
  'github.problem.slow': [
    'GitHub took too long to answer. Try again in a few minutes, or use your e-mail.',
    'Masyadong matagal sumagot ang GitHub. Subukan muli pagkaraan ng ilang minuto, o gamitin ang iyong e-mail.',
  ],
  'github.problem.garbage': [
    'GitHub gave an answer that makes no sense. Try again later, or use your e-mail.',
    'Hindi maintindihan ang sagot ng GitHub. Subukan muli mamaya, o gamitin ang iyong e-mail.',
  ],
  'github.problem.email': [
    'Your GitHub account has no verified primary address. Verify one in GitHub’s settings, or use your e-mail here.',
    'Walang beripikadong pangunahing address ang GitHub account mo. Iberipika ito sa settings ng GitHub, o gamitin dito ang iyong e-mail.',
  ],
  'github.problem.taken': [
    'This GitHub account is linked to somebody else here. Unlink it there first, or use another one.',
    'Nakaugnay na sa iba rito ang GitHub account na ito. Alisin muna roon ang ugnay, o gumamit ng iba.',
  ],
  'github.problem.other': [
    'You have linked another GitHub account already. Unlink it first.',
    'May ibang GitHub account ka nang nakaugnay. Alisin muna iyon.',
  ],
  'github.problem.suspended': [
    'This account is suspended. Ask your administrator.',
    'Nakasuspinde ang account na ito. Magtanong sa iyong administrator.',
  ],
  'github.problem.closed': [
    'There is no account for the address of your GitHub account. Ask your administrator for an invitation.',
    'Walang account para sa address ng iyong GitHub account. Humingi ng imbitasyon sa iyong administrator.',
  ],
  'github.problem.busy': [
    'The server is busy right now. Please begin again in a moment.',
    'Abala ang server ngayon. Pakisimulan muli mamaya-maya.',
  ],
} as const;
