/* A model from deploying to deleting, by the macros of scr_modelops.sas. Run it piece by piece. */

%include "/path/to/examples/sas/scr_modelops.sas";

/* Where the service is; the login is that of your SAS session. With token=none there is no login. */
%scr_connect(url=http://scr-modelops.sas-model-inference.svc.cluster.local)

/* Deploys a model, or makes the one of this name what is said here, and waits until it serves. */
%scr_deploy(model=sr-hmeq, image=registry.demo/sr_hmeq_logreg:1.0, window=120s)
%scr_models()

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

/* A table to a table. */
%scr_score(data=work.applicants, out=work.applicants_scored, model=sr-hmeq)

proc print data=work.applicants_scored;
  var APPLICANT P_BAD1 I_BAD _error;
run;

/* A file to a file. */
%scr_score_csv(in=/path/to/examples/hmeq-sample.csv, out=/tmp/scored.csv, model=sr-hmeq)

/* A new version beside the one that serves: compare the two, shift traffic, and go back. */
%scr_challenger(model=sr-hmeq, image=registry.demo/sr_hmeq_logreg:2.0)
%scr_compare(model=sr-hmeq, data=work.applicants)
%scr_traffic(model=sr-hmeq, table=sr-hmeq-00001=80 sr-hmeq-00002:challenger=20)
%scr_promote(model=sr-hmeq)
%scr_rollback(model=sr-hmeq)

%scr_logs(model=sr-hmeq, tail=20)
%scr_delete(model=sr-hmeq)
