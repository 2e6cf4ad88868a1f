from django.urls import path

from . import views

urlpatterns = [
    path("login", views.login),
    path("logout", views.logout),
    path("token", views.token),
    path("hook", views.hook),
]
