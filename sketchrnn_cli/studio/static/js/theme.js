// Before the first paint: the theme that was chosen on this page, else the system's.
try { document.documentElement.dataset.theme = localStorage.getItem('sketchrnn.theme') ?? ''; } catch { /* storage is denied: the system's */ }
