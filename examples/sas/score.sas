/* Scores a table: writes it as CSV, sends it, and reads the scored rows back into work.scored. */

%let examples = /path/to/examples/sas;
%include "&examples./scr_modelops.sas";

%let model = sr-hmeq;

/* A key of your own is carried through; 00501 stays text. */
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

proc http method="POST" url="&scr_url./models/&model./score" timeout=600
  in=MULTI FORM("data"=rows FILENAME="applicants.csv" header="Content-Type: text/csv")
  out=answer;
run;
/* Exactly 200: with any other status there are no scored rows. */
%scr_expect(200)

/* The informats below belong to these columns in this order; another model has other outputs. */
data _null_;
  infile answer obs=1 lrecl=32767 encoding='utf-8';
  input;
  if _infile_ ne cats('APPLICANT,CLAGE,CLNO,DEBTINC,DELINQ,DEROG,JOB,LOAN,MORTDUE,NINQ,REASON,VALUE,YOJ,',
    'EM_CLASSIFICATION,EM_EVENTPROBABILITY,EM_PROBABILITY,I_BAD,P_BAD0,P_BAD1,_WARN_,_error') then do;
    put 'ERROR: These are not the columns that this program reads: ' _infile_;
    abort cancel;
  end;
run;

data work.scored;
  infile answer dsd dlm=',' firstobs=2 truncover lrecl=32767 encoding='utf-8';
  informat APPLICANT $8. CLAGE CLNO DEBTINC DELINQ DEROG 32. JOB $7. LOAN MORTDUE NINQ 32. REASON $7. VALUE YOJ 32.
    EM_CLASSIFICATION $12. EM_EVENTPROBABILITY EM_PROBABILITY 32. I_BAD $12. P_BAD0 P_BAD1 32. _WARN_ $4. _error $500.;
  input APPLICANT CLAGE CLNO DEBTINC DELINQ DEROG JOB LOAN MORTDUE NINQ REASON VALUE YOJ
    EM_CLASSIFICATION EM_EVENTPROBABILITY EM_PROBABILITY I_BAD P_BAD0 P_BAD1 _WARN_ _error;
run;

/* A row that could not be scored keeps its place, with empty outputs and the cause in _error. */
proc print data=work.scored;
  var APPLICANT P_BAD1 I_BAD _error;
run;
