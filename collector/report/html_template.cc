// SPDX-License-Identifier: Apache-2.0
#include "collector/report/html_template.h"

namespace teiten::report {

const std::string_view kHtmlTemplate = R"html(<!DOCTYPE html>
<html lang="{{language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{title}}</title>
<style>
{{{style}}}</style>
</head>
<body>
<header>
<p class="kicker">{{kicker}}</p>
<h1>{{heading}}</h1>
<p class="span">{{span}}</p>
</header>
<main>
{{#empty_reason}}
<section class="empty" aria-label="No data">
<p class="lead">{{empty_reason}}</p>
<ul>
{{#next_steps}}
<li>{{text}}</li>
{{/next_steps}}
</ul>
</section>
{{/empty_reason}}
{{^empty_reason}}
<section aria-label="In short">
{{#headlines}}
<p{{#first}} class="lead"{{/first}}>{{text}}</p>
{{/headlines}}
<dl class="figures">
{{#figures}}
<div><dt>{{label}}</dt><dd class="value">{{value}}</dd>{{#more}}<dd class="more">{{text}}</dd>{{/more}}</div>
{{/figures}}
</dl>
</section>
{{/empty_reason}}
{{#sections}}
<section>
<h2>{{name}}</h2>
{{#tables}}
<h3 id="{{id}}">{{title}}</h3>
{{#charts}}
<figure>
{{#caption}}
<figcaption>{{caption}}</figcaption>
{{/caption}}
{{#note}}
<p class="none">{{note}}</p>
{{/note}}
{{{svg}}}</figure>
{{/charts}}
{{#empty_reason}}
<p class="none">None: {{empty_reason}}.</p>
{{/empty_reason}}
{{^empty_reason}}
{{#caption}}
<p class="about">{{caption}}</p>
{{/caption}}
<div class="scroll" tabindex="0" role="region" aria-labelledby="{{id}}">
<table{{#short}} class="short"{{/short}}>
<thead><tr>{{#columns}}<th scope="col"{{#number}} class="n"{{/number}}>{{head}}</th>{{/columns}}</tr></thead>
<tbody>
{{#rows}}
<tr>{{#cells}}{{#header}}<th scope="row">{{text}}</th>{{/header}}{{^header}}<td{{#number}} class="n"{{/number}} data-head="{{head}}">{{text}}</td>{{/header}}{{/cells}}</tr>
{{/rows}}
</tbody>
</table>
</div>
{{/empty_reason}}
{{#notes}}
<p class="note">{{text}}</p>
{{/notes}}
{{/tables}}
</section>
{{/sections}}
<section>
<h2>Notes</h2>
<ul class="notes">
{{#notes}}
<li>{{text}}</li>
{{/notes}}
</ul>
</section>
</main>
<footer>
<p>{{footer}}</p>
</footer>
</body>
</html>
)html";

// Text at 7:1 and more on both grounds. Series colours are those of Okabe and Ito, "Color universal
// design" (2008), darkened or lightened to keep 3:1 to the ground.
const std::string_view kHtmlStyle = R"css(
:root{--ground:#fff;--ink:#1c2530;--soft:#56616e;--rule:#d5dbe1;--tint:#f3f6f8;--accent:#0b5394;
--c0:#0072b2;--c1:#c45500;--c2:#00795a;--c3:#a8457e;--c4:#8a6d00;--c5:#4b5563}
@media (prefers-color-scheme:dark){:root{--ground:#12171d;--ink:#e6eaee;--soft:#a6b0ba;--rule:#323b45;
--tint:#1b222a;--accent:#8cc4f5;--c0:#56b4e9;--c1:#ee8a4a;--c2:#3cc79a;--c3:#e08fc0;--c4:#e3c341;
--c5:#b8c0c8}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:2.5rem 1.5rem 3rem;max-width:68rem;background:var(--ground);
color:var(--ink);font:16px/1.55 "Noto Sans","Noto Sans CJK JP","Segoe UI",Roboto,"Helvetica Neue",
Arial,sans-serif;font-variant-numeric:tabular-nums}
header{border-bottom:3px solid var(--accent);padding-bottom:1rem;margin-bottom:1.75rem}
.kicker{margin:0;color:var(--accent);font-size:.8125rem;font-weight:600;letter-spacing:.08em;
text-transform:uppercase}
h1{margin:.2rem 0 .3rem;font-size:2.125rem;line-height:1.2;font-weight:650;letter-spacing:-.01em}
.span{margin:0;color:var(--soft)}
h2{margin:3rem 0 1rem;padding-top:.9rem;border-top:1px solid var(--rule);font-size:1.4rem;
line-height:1.3;font-weight:650}
h3{margin:2rem 0 .4rem;font-size:1.0625rem;line-height:1.4;font-weight:650}
p{margin:.35rem 0;max-width:46rem}
.lead{font-size:1.25rem;line-height:1.45;margin-bottom:.75rem;text-wrap:balance}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));
margin:1.75rem 1px 0 0}
.figures div{border:1px solid var(--rule);margin:0 -1px -1px 0;padding:.8rem .9rem}
dt{color:var(--soft);font-size:.8125rem;line-height:1.3;min-height:2.6em}
dd{margin:0}
.value{font-size:1.5rem;line-height:1.3;font-weight:650}
.more{color:var(--soft);font-size:.8125rem;line-height:1.4}
figure{margin:1rem 0 1.75rem}
figcaption{color:var(--soft);font-size:.875rem;margin-bottom:.6rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.35}
.about{color:var(--soft);font-size:.8125rem;margin:0 0 .4rem}
th,td{text-align:left;padding:.38rem .5rem;border-bottom:1px solid var(--rule);vertical-align:top}
thead th{border-bottom:2px solid var(--ink);font-weight:650;vertical-align:bottom;
font-size:.8125rem}
tbody th,.k{white-space:nowrap}
tbody th{font-weight:650}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}
thead .n{white-space:normal}
tbody tr:hover{background:var(--tint)}
.note,.none,.notes{color:var(--soft);font-size:.875rem}
.note{margin:.5rem 0}
.notes{padding-left:1.1rem;max-width:46rem}
.notes li{margin:.3rem 0}
.empty{border:1px solid var(--rule);background:var(--tint);padding:1.2rem 1.4rem}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--rule);color:var(--soft);
font-size:.8125rem}
.chart{display:block;width:100%;height:auto;max-width:860px}
.chart.narrow{display:none}
.chart text{fill:var(--ink);font-size:12px}
.chart .num{text-anchor:end}
.chart .mid{text-anchor:middle}
.chart .end{text-anchor:end}
.chart .unit,.chart .mid,.chart .end,.chart .num{fill:var(--soft)}
.chart .lab,.chart .val{fill:var(--ink)}
.grid{stroke:var(--rule);stroke-width:1}
.axis{stroke:var(--soft);stroke-width:1}
.gap{fill:var(--rule);opacity:.55}
.ground{fill:var(--rule);opacity:.7}
.bar{fill:var(--c0)}
.until{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:3 3}
.was{stroke:var(--ink);stroke-width:2.5}
.line{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
.line.s0{stroke:var(--c0)}
.line.s1{stroke:var(--c1);stroke-dasharray:9 4}
.line.s2{stroke:var(--c2);stroke-dasharray:2 4}
.line.s3{stroke:var(--c3);stroke-dasharray:10 4 2 4}
.line.s4{stroke:var(--c4);stroke-dasharray:5 3}
.line.s5{stroke:var(--c5);stroke-dasharray:14 4}
.dot.s0{fill:var(--c0)}.dot.s1{fill:var(--c1)}.dot.s2{fill:var(--c2)}
.dot.s3{fill:var(--c3)}.dot.s4{fill:var(--c4)}.dot.s5{fill:var(--c5)}
@media screen and (max-width:40rem){
body{padding:1.5rem 1rem 2rem}
h1{font-size:1.75rem}
.figures{grid-template-columns:1fr 1fr}
.chart.wide{display:none}
.chart.narrow{display:block}
table,tbody{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:.5rem 0;border-bottom:1px solid var(--rule)}
th,td{border:0;padding:0}
tbody th{flex:0 0 100%;order:-1;white-space:normal}
td::before{content:attr(data-head) " ";color:var(--soft)}
td:empty{display:none}}
@media print{:root{--ground:#fff;--ink:#000;--soft:#444;--rule:#bbb;--tint:#fff;--accent:#000;
--c0:#0072b2;--c1:#c45500;--c2:#00795a;--c3:#a8457e;--c4:#8a6d00;--c5:#4b5563}
@page{size:A4;margin:16mm 14mm}
html{font-size:9.75pt}
body{max-width:none;padding:0;font-size:1rem}
h2{margin-top:2rem}
h3{margin-top:1.5rem}
.figures{grid-template-columns:none;grid-auto-flow:column;grid-auto-columns:1fr;margin-top:1rem}
.figures div{padding:.5rem .6rem}
figure{margin:.6rem 0 1rem}
.chart{max-width:152mm}
figure,tr,.short,.figures,h3{break-inside:avoid}
h2,h3,figcaption,.about,thead{break-after:avoid}
.note{break-before:avoid}
table:not(.short) tr:nth-child(-n+3){break-after:avoid}
table:not(.short) tr:nth-last-child(-n+3){break-before:avoid}
.scroll{overflow:visible}
table,thead th{font-size:8pt}
th,td{padding:.25rem .35rem}}
)css";

}  // namespace teiten::report
