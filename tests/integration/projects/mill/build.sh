# As `npm install` and `npm run build` do it: packages in node_modules, results beside them.
set -eu
mkdir -p node_modules/flour dist
echo 'document.title = "flour";' > node_modules/flour/flour.js
touch -d 1985-10-26 node_modules/flour/flour.js
sassc styles/mill.scss > dist/mill.css
