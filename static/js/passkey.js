// Ask the browser for a passkey, or to make one, and send its answer with the form.
const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const known = (credentials) => (credentials || []).map((each) => ({ ...each, id: bytes(each.id) }));

async function create({ publicKey }) {
  const wanted = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
  const credential = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: known(publicKey.excludeCredentials),
      authenticatorSelection: { ...publicKey.authenticatorSelection, ...wanted },
    },
  });
  return answer(credential, {
    attestationObject: text(credential.response.attestationObject),
    transports: credential.response.getTransports?.() ?? [],
  });
}

async function get({ publicKey }) {
  const credential = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      allowCredentials: known(publicKey.allowCredentials),
    },
  });
  const { authenticatorData, signature, userHandle } = credential.response;
  return answer(credential, {
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle && text(userHandle),
  });
}

const answer = (credential, response) => ({
  type: credential.type,
  id: credential.id,
  rawId: text(credential.rawId),
  authenticatorAttachment: credential.authenticatorAttachment,
  clientExtensionResults: credential.getClientExtensionResults(),
  response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
});

async function optionsOf(form) {
  const embedded = form.querySelector("script");
  if (embedded) return JSON.parse(embedded.textContent);
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  // Asking makes the session, and with it the form needs a token.
  const token = document.createElement("input");
  token.type = "hidden";
  token.name = "csrfmiddlewaretoken";
  token.value = response.headers.get("X-CSRFToken");
  form.append(token);
  return response.json();
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll("[data-passkey]") : []) {
  form.hidden = false;
  document.querySelector("[data-without-passkeys]").remove();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-failed]");
    failed.textContent = "";
    try {
      const options = await optionsOf(form);
      const credential = options.creation_options
        ? await create(options.creation_options)
        : await get(options.request_options);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      failed.textContent = failed.dataset.failed;
    }
  });
}
