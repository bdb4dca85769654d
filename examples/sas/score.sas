/* Scores a table: writes it as CSV, sends it, and puts the outputs beside its rows, into work.applicants_scored. */

%let examples = /path/to/examples/sas;
%include "&examples./scr_modelops.sas";

%let model = sr-hmeq;

/* Columns that the model does not know, like this key, do no harm. */
data work.applicants;
  infile datalines dsd truncover;
  length APPLICANT $8 CLAGE CLNO DEBTINC DELINQ DEROG 8 JOB $7 LOAN MORTDUE NINQ 8 REASON $7 VALUE YOJ 8;
  input APPLICANT CLAGE CLNO DEBTINC DELINQ DEROG JOB LOAN MORTDUE NINQ REASON VALUE YOJ;
  datalines;
00501,204.9,14,36.2,0,1,Sales,37000,68751,0,DebtCon,118800,7.5
00502,117.7,4,.,1,.,Other,5300,101491,0,DebtCon,123900,
00503,335,34,39.8,0,0,,1500,119143,.,HomeImp,135700,5.8
;
run;

/* PROC EXPORT writes what a format shows; without one it keeps only 12 characters of a number. */
data work.to_score / view=work.to_score;
  set work.applicants;
  format _numeric_ best32.;
run;

filename rows temp;
proc export data=work.to_score outfile=rows dbms=csv replace;
run;

/* The program that reads the answer, with the types and lengths that the model declares. Fetched first: a wrong name of a model shows here. */
filename step temp;
proc http method="GET" url="&scr_url./models/&model./signature?format=sas%nrstr(&)columns=outputs" out=step timeout=300;
run;
%scr_expect(200, from=step)

/* Only the outputs come back: the rest is in the table, with its own types and formats. */
proc http method="POST" url="&scr_url./models/&model./score?columns=outputs" timeout=600
  in=MULTI FORM("data"=rows FILENAME="applicants.csv" header="Content-Type: text/csv")
  out=answer;
run;
/* Exactly 200: with any other status there are no scored rows. */
%scr_expect(200)

/* Reads the fileref ANSWER into work.scored. */
%include step;

/* As many rows as were sent, in their order: then each belongs to the row of the same number. */
data _null_;
  if rows_sent ne rows_read then do;
    put 'ERROR: ' rows_sent 'rows were sent and ' rows_read 'read.';
    abort cancel;
  end;
  stop;
  set work.applicants nobs=rows_sent;
  set work.scored nobs=rows_read;
run;

/* An output that has the name of a column takes its place. */
data work.applicants_scored;
  merge work.applicants work.scored;
run;

/* A row that could not be scored keeps its place, with empty outputs and the cause in _error. */
proc print data=work.applicants_scored;
  var APPLICANT P_BAD1 I_BAD _error;
run;
