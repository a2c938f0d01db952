// Passkeys (WebAuthn Level 3): asks the browser for one, and sends what it says with the page's form.
// The only script of this server; where it does not run, forms that need it stay hidden and all others work.
"use strict";

(() => {
  const decode = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const encode = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  const descriptors = (list) => (list ?? []).map((each) => ({ ...each, id: decode(each.id) }));

  // By hand: browsers learned the JSON forms (§5.1.9, §5.1.10) years after the API itself.
  const creation = (options) => ({
    ...options,
    challenge: decode(options.challenge),
    user: { ...options.user, id: decode(options.user.id) },
    excludeCredentials: descriptors(options.excludeCredentials),
  });
  const request = (options) => ({
    ...options,
    challenge: decode(options.challenge),
    allowCredentials: descriptors(options.allowCredentials),
  });

  const told = (credential) => {
    const { response } = credential;
    const parts = { clientDataJSON: encode(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) parts[name] = encode(response[name]);
    }
    if (response.getTransports) parts.transports = response.getTransports();
    return JSON.stringify({
      id: credential.id,
      rawId: encode(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: {},
      response: parts,
    });
  };

  const say = (kind) => {
    for (const each of document.querySelectorAll("[data-problem]")) each.hidden = each.dataset.problem !== kind;
  };

  const serve = async (form) => {
    const options = JSON.parse(form.dataset.options);
    const makes = form.dataset.passkey === "create";
    let waiting = new AbortController();

    const send = (credential) => {
      form.elements.response.value = told(credential);
      form.submit();
    };
    const ask = (more) =>
      makes
        ? navigator.credentials.create({ publicKey: creation(options), ...more })
        : navigator.credentials.get({ publicKey: request(options), ...more });

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      say("");
      // One question at a time: the one that waits in the user name's field makes room.
      waiting.abort();
      waiting = new AbortController();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        send(await ask({ signal: waiting.signal }));
      } catch (error) {
        button.disabled = false;
        say(error.name === "InvalidStateError" ? "known" : "cancelled");
        // A disabled button loses the focus: whoever came by keyboard would begin at the top of the page.
        button.focus();
      }
    });
    form.hidden = false;

    if (form.dataset.passkey !== "login" || !PublicKeyCredential.isConditionalMediationAvailable) return;
    if (!(await PublicKeyCredential.isConditionalMediationAvailable())) return;
    try {
      send(await ask({ mediation: "conditional", signal: waiting.signal }));
    } catch {
      // Nobody has chosen one: the form goes on waiting.
    }
  };

  if (!window.PublicKeyCredential || !navigator.credentials) {
    say("unsupported");
    return;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) serve(form);
})();
